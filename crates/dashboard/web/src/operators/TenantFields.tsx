import { NumberInput, Select, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { useQuery } from "@tanstack/react-query";
import { profilesQuery } from "../webhooks/queries";
import type { TenantDraft } from "./tenantDraft";

const LARGEST_QUOTA = 4_294_967_295;

/** What can be set of a tenant, whether it is new or not. */
export function TenantFields({ form }: { form: UseFormReturnType<TenantDraft> }) {
  const profiles = useQuery(profilesQuery());
  const names = new Set([
    form.values.default_profile,
    ...(profiles.data ?? []).map((profile) => profile.name),
  ]);
  return (
    <>
      <TextInput
        label="Name"
        description="For people"
        placeholder="Acme Ltd"
        {...form.getInputProps("name")}
      />
      <Select
        label="Default profile"
        description="The rules for webhooks that name no profile of their own"
        data={[...names].sort()}
        allowDeselect={false}
        {...form.getInputProps("default_profile")}
      />
      <NumberInput
        label="Quota"
        description="Events a second that it may publish; empty: as many as there is room for"
        placeholder="No quota"
        min={1}
        max={LARGEST_QUOTA}
        allowDecimal={false}
        thousandSeparator=","
        {...form.getInputProps("quota")}
      />
    </>
  );
}
