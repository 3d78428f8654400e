import { Button, Group, Stack, Text } from "@mantine/core";
import { count } from "../parts/formats";
import { FormProblem } from "../parts/FormProblem";
import { Time } from "../parts/Time";
import { useAction } from "../parts/useAction";
import { changedTenantsKeys, putTenant, type Tenant, type TenantSettings } from "./queries";
import { Section } from "./Section";
import { settingsOf } from "./tenantDraft";
import { TenantFields } from "./TenantFields";
import { tenantErrors, useTenantForm } from "./tenantForm";

export function TenantForm({ tenant }: { tenant: Tenant }) {
  const form = useTenantForm(tenant);
  const save = useAction((settings: TenantSettings) => putTenant(tenant.id, settings), {
    done: "The settings were saved.",
    refresh: [...changedTenantsKeys, ["config", tenant.id]],
    inForm: true,
  });
  return (
    <Section title="Settings">
      <form
        noValidate
        onSubmit={form.onSubmit((draft) =>
          save.mutate(settingsOf(draft), {
            onSuccess: () => form.resetDirty(),
            onError: (problem) => form.setErrors(tenantErrors(problem)),
          }),
        )}
      >
        <Stack maw="30rem">
          <FormProblem error={save.error} fields={["name", "default_profile", "quota"]} />
          <TenantFields form={form} />
          <Group>
            <Button type="submit" loading={save.isPending} disabled={!form.isDirty()}>
              Save
            </Button>
            <Text size="sm" c="dimmed">
              Made <Time at={tenant.created_at} relative />
            </Text>
          </Group>
        </Stack>
      </form>
    </Section>
  );
}

/** The settings for those who cannot change them. */
export function TenantFacts({ tenant }: { tenant: Tenant }) {
  return (
    <Section title="Settings">
      <Text>
        Default profile: {tenant.default_profile}. Quota:{" "}
        {tenant.quota ? `${count(tenant.quota.events_per_second)} events a second` : "none"}. Made{" "}
        <Time at={tenant.created_at} relative />.
      </Text>
    </Section>
  );
}
