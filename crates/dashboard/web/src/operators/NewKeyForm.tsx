import { Autocomplete, type AutocompleteProps, Button, Group, Radio, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQuery } from "@tanstack/react-query";
import { everyTenantQuery } from "../app/tenantsQuery";
import { FormProblem, fieldProblems } from "../parts/FormProblem";
import { useAction } from "../parts/useAction";
import { keyOf, type KeyDraft } from "./keyDraft";
import { apiKeysKey, makeKey, type NewKey } from "./queries";

interface Props {
  /** The tenant that the key is for; without one it is asked for. */
  tenant: string | undefined;
  onMade: (key: string) => void;
  onCancel: () => void;
}

const FIELDS = ["name", "scope"];

export function NewKeyForm({ tenant, onMade, onCancel }: Props) {
  const form = useForm<KeyDraft>({
    initialValues: { owner: "tenant", tenant: tenant ?? "", name: "", scope: "all" },
    validate: { tenant: tenantProblem },
  });
  const make = useAction((key: NewKey) => makeKey(key), { refresh: [apiKeysKey], inForm: true });
  const asksForTenant = tenant === undefined;

  return (
    <form
      noValidate
      onSubmit={form.onSubmit((draft) =>
        make.mutate(keyOf(draft), {
          onSuccess: (made) => onMade(made.key),
          onError: (problem) => form.setErrors(fieldProblems(problem)),
        }),
      )}
    >
      <Stack>
        <FormProblem error={make.error} fields={asksForTenant ? ["tenant", ...FIELDS] : FIELDS} />
        {asksForTenant && (
          <Radio.Group label="For" {...form.getInputProps("owner")}>
            <Stack gap="xs" mt="xs">
              <Radio value="tenant" label="A tenant" description="Reaches this tenant alone" />
              <Radio
                value="operator"
                label="Operators"
                description="Reaches all tenants, keys and the audit"
              />
            </Stack>
          </Radio.Group>
        )}
        {asksForTenant && form.values.owner === "tenant" && <TenantInput {...form.getInputProps("tenant")} />}
        <TextInput
          label="Name"
          description="So that you know later what uses it"
          placeholder="checkout service"
          {...form.getInputProps("name")}
        />
        <Radio.Group label="It may" {...form.getInputProps("scope")}>
          <Stack gap="xs" mt="xs">
            <Radio value="all" label="Do everything" description="Publish, manage webhooks, see deliveries" />
            <Radio
              value="publish"
              label="Publish events"
              description="Nothing else: enough for most services"
            />
          </Stack>
        </Radio.Group>
        <Group justify="flex-end">
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
          <Button type="submit" loading={make.isPending}>
            Create the key
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function tenantProblem(id: string, { owner }: KeyDraft): string | null {
  return owner === "tenant" && id.trim() === "" ? "Say which tenant it is for." : null;
}

/** Suggests tenants; where there are very many, any other can be typed. */
function TenantInput(props: Omit<AutocompleteProps, "data">) {
  const tenants = useQuery(everyTenantQuery);
  const ids = (tenants.data ?? []).map((tenant) => tenant.id).sort();
  return <Autocomplete label="Tenant" placeholder="acme" data={ids} limit={20} required {...props} />;
}
