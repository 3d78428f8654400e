import { Button, Grid, Group, Stack, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Link, useSearchParams } from "react-router";
import { answered, api, inTenant } from "../api/client";
import { webhooksPath } from "../app/paths";
import { Forbidden } from "../parts/Forbidden";
import { FormProblem } from "../parts/FormProblem";
import { Page } from "../parts/Page";
import { useAction } from "../parts/useAction";
import { useAccess, useSession, useTenant } from "../session/session";
import { Created } from "./Created";
import { EventsField } from "./form/EventsField";
import { Sections } from "./form/Sections";
import { ProfileFields } from "./form/SignatureFields";
import { requestOf } from "./form/request";
import { type SectionId, neededSections, sectionsOf } from "./form/sections";
import { beyondFields, focusFirst, showProblems, useSettingsForm } from "./form/useSettingsForm";
import { type Values, emptyValues } from "./form/values";
import { defaultProfileQuery, eventTypesQuery, profilesQuery } from "./queries";
import { SampleRequest } from "./SampleRequest";
import { sampleInput } from "./sampleInput";
import type { NewWebhook, Webhook } from "./types";

/** Makes a webhook. Where to and what is enough; all else has the profile's defaults. */
export function Component() {
  const { manage } = useAccess();
  // The secret is in this answer alone, so it stays here, and is nowhere else.
  const [created, setCreated] = useState<Webhook | null>(null);
  if (!manage) return <Forbidden text="You may look at webhooks here, but not add any." />;
  return created ? <Created webhook={created} /> : <NewForm onCreated={setCreated} />;
}

function NewForm({ onCreated }: { onCreated: (webhook: Webhook) => void }) {
  const tenant = useTenant();
  const { role, default_profile } = useSession();
  // A link may say which events it is about.
  const [params] = useSearchParams();
  const form = useSettingsForm({ ...emptyValues(), events: params.getAll("events") });
  const values = form.getValues();
  const profiles = useQuery(profilesQuery()).data ?? [];
  const looked = useQuery(defaultProfileQuery(tenant, role === "operator")).data;
  const defaultName = looked ?? default_profile ?? undefined;
  const catalogue = useQuery(eventTypesQuery(tenant)).data ?? [];
  const profile = profiles.find(({ name }) => name === (values.profile || defaultName));
  const [opened, setOpened] = useOpenedSections(profile?.name, neededSections(profile));
  useNeededAuth(form, profile?.auth === "oauth2_client_credentials");

  const create = useAction(
    (body: NewWebhook) => answered(api.POST("/v1/webhooks", { params: { header: inTenant(tenant) }, body })),
    {
      refresh: [
        ["live", tenant, "webhooks"],
        ["config", tenant, "webhooks"],
      ],
      inForm: true,
    },
  );
  const reveal = (paths: string[]) => {
    setOpened((before) => [...new Set([...before, ...sectionsOf(paths)])]);
    focusFirst(form, paths);
  };
  const submit = form.onSubmit(
    (sent) =>
      create.mutate(requestOf(sent, profile), {
        onSuccess: onCreated,
        onError: (error) => reveal(showProblems(form, error)),
      }),
    (problems) => reveal(Object.keys(problems)),
  );

  return (
    <Page title="New webhook" crumbs={[{ label: "Webhooks", to: webhooksPath(tenant) }, { label: "New" }]}>
      <Grid>
        <Grid.Col span={{ base: 12, lg: profile ? 7 : 12 }}>
          <form onSubmit={submit} noValidate>
            <Stack gap="lg">
              <TextInput
                label="URL"
                withAsterisk
                description={
                  "Where events are posted: an address of your receiver that can be reached " + "over https."
                }
                placeholder="https://example.com/hooks"
                inputMode="url"
                autoComplete="off"
                spellCheck={false}
                {...form.getInputProps("url")}
              />
              <EventsField form={form} />
              <Sections
                form={form}
                profile={profile}
                opened={opened}
                onOpen={setOpened}
                signature={
                  <ProfileFields
                    form={form}
                    profiles={profiles}
                    defaultName={defaultName}
                    profile={profile}
                  />
                }
              />
              <FormProblem error={beyondFields(create.error)} />
              <Group>
                <Button type="submit" loading={create.isPending}>
                  Create the webhook
                </Button>
                <Button component={Link} to={webhooksPath(tenant)} variant="default">
                  Cancel
                </Button>
              </Group>
            </Stack>
          </form>
        </Grid.Col>
        {profile && (
          <Grid.Col span={{ base: 12, lg: 5 }}>
            <SampleRequest profile={profile.name} url={values.url} input={sampleInput(values, catalogue)} />
          </Grid.Col>
        )}
      </Grid>
    </Page>
  );
}

/** Which sections are open: those that the profile needs, and what somebody opened. */
function useOpenedSections(profile: string | undefined, needed: SectionId[]) {
  const [opened, setOpened] = useState<SectionId[]>([]);
  const [openedFor, setOpenedFor] = useState<string>();
  // Another profile is what opens sections; those that somebody has closed stay closed until then.
  if (openedFor !== profile) {
    setOpenedFor(profile);
    setOpened((before) => [...new Set([...before, ...needed])]);
  }
  return [opened, setOpened] as const;
}

/** A profile that needs OAuth leaves no choice of credentials. */
function useNeededAuth(form: ReturnType<typeof useSettingsForm>, isNeeded: boolean) {
  const type: Values["auth"]["type"] = form.getValues().auth.type;
  useEffect(() => {
    if (isNeeded && type !== "oauth2_client_credentials")
      form.setFieldValue("auth.type", "oauth2_client_credentials");
  }, [form, isNeeded, type]);
}
