import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { answered, api, inTenant } from "../../api/client";
import { FormProblem } from "../../parts/FormProblem";
import { useAction } from "../../parts/useAction";
import { useTenant } from "../../session/session";
import { EventsField } from "../form/EventsField";
import { isEmpty, patchOf } from "../form/patch";
import { Sections } from "../form/Sections";
import { type SectionId, sectionsOf } from "../form/sections";
import { valuesOf } from "../form/shown";
import { SigningField } from "../form/SignatureFields";
import { beyondFields, focusFirst, showProblems, useSettingsForm } from "../form/useSettingsForm";
import type { Profile, Webhook, WebhookPatch } from "../types";

interface SettingsEditorProps {
  webhook: Webhook;
  profile: Profile | undefined;
}

/** Changes a webhook's settings; only what changed is sent. */
export function SettingsEditor({ webhook, profile }: SettingsEditorProps) {
  const tenant = useTenant();
  // What somebody else changes meanwhile is left alone: the patch is made against what this form began with.
  const [before, setBefore] = useState(() => valuesOf(webhook));
  const form = useSettingsForm(before);
  const [opened, setOpened] = useState<SectionId[]>([]);
  const params = { header: inTenant(tenant), path: { id: webhook.id } };
  const save = useAction((body: WebhookPatch) => answered(api.PATCH("/v1/webhooks/{id}", { params, body })), {
    done: "The changes are saved.",
    refresh: [
      ["live", tenant],
      ["config", tenant, "webhooks"],
    ],
    inForm: true,
  });
  const reveal = (paths: string[]) => {
    setOpened((already) => [...new Set([...already, ...sectionsOf(paths)])]);
    focusFirst(form, paths);
  };
  const beginAnew = (saved: Webhook) => {
    const values = valuesOf(saved);
    setBefore(values);
    form.setInitialValues(values);
    form.setValues(values);
  };
  const submit = form.onSubmit(
    (values) =>
      save.mutate(patchOf(before, values), {
        onSuccess: beginAnew,
        onError: (error) => reveal(showProblems(form, error)),
      }),
    (problems) => reveal(Object.keys(problems)),
  );
  const isUnchanged = isEmpty(patchOf(before, form.getValues()));

  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="lg">
        <TextInput
          label="URL"
          withAsterisk
          description="Another URL takes effect with the next attempt, of deliveries that wait too."
          inputMode="url"
          autoComplete="off"
          spellCheck={false}
          {...form.getInputProps("url")}
        />
        <EventsField form={form} />
        {profile?.signature.ed25519 && <SigningField form={form} />}
        <Sections
          form={form}
          profile={profile}
          opened={opened}
          onOpen={setOpened}
          storedAuth={before.auth.type}
        />
        <FormProblem error={beyondFields(save.error)} />
        <Group>
          <Button type="submit" loading={save.isPending} disabled={isUnchanged}>
            Save
          </Button>
          <Button variant="default" disabled={isUnchanged} onClick={() => form.reset()}>
            Discard the changes
          </Button>
          {isUnchanged && (
            <Text size="sm" c="dimmed">
              Nothing is changed.
            </Text>
          )}
        </Group>
      </Stack>
    </form>
  );
}
