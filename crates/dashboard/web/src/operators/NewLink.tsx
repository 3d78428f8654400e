import { Button, Group, Radio, Select, SimpleGrid, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { FormProblem, fieldProblems } from "../parts/FormProblem";
import { useAction } from "../parts/useAction";
import { makePortalLink, type NewPortalLink, type PortalLink } from "./queries";

interface Props {
  tenant: string;
  onMade: (link: PortalLink) => void;
}

interface Draft {
  access: "read" | "manage";
  name: string;
  opens_within: string;
  lasts: string;
}

const OPENS_WITHIN = [
  { value: "5m", label: "5 minutes" },
  { value: "15m", label: "15 minutes" },
  { value: "1h", label: "1 hour" },
  { value: "24h", label: "1 day" },
];

const LASTS = [
  { value: "1h", label: "1 hour" },
  { value: "8h", label: "8 hours" },
  { value: "24h", label: "1 day" },
];

export function NewLink({ tenant, onMade }: Props) {
  const initialValues: Draft = { access: "read", name: "", opens_within: "15m", lasts: "8h" };
  const form = useForm<Draft>({ initialValues });
  const make = useAction((link: NewPortalLink) => makePortalLink(tenant, link), { inForm: true });

  return (
    <form
      noValidate
      onSubmit={form.onSubmit(({ name, ...link }) =>
        make.mutate(
          { ...link, ...(name.trim() !== "" && { name: name.trim() }) },
          { onSuccess: onMade, onError: (problem) => form.setErrors(fieldProblems(problem)) },
        ),
      )}
    >
      <Stack>
        <FormProblem error={make.error} fields={["access", "name", "opens_within", "lasts"]} />
        <Radio.Group label="Whoever opens it may" {...form.getInputProps("access")}>
          <Stack gap="xs" mt="xs">
            <Radio value="read" label="Look" description="See webhooks, events and deliveries" />
            <Radio
              value="manage"
              label="Manage"
              description="Also add and change webhooks, send tests, retry and replay"
            />
          </Stack>
        </Radio.Group>
        <SimpleGrid cols={{ base: 1, sm: 3 }}>
          <TextInput
            label="Name"
            description="Who it is for, if you like"
            placeholder="Jane at Acme"
            {...form.getInputProps("name")}
          />
          <Select
            label="Must be opened within"
            description="After that it is void"
            data={OPENS_WITHIN}
            allowDeselect={false}
            {...form.getInputProps("opens_within")}
          />
          <Select
            label="Session lasts"
            description="From when it is opened"
            data={LASTS}
            allowDeselect={false}
            {...form.getInputProps("lasts")}
          />
        </SimpleGrid>
        <Group>
          <Button type="submit" loading={make.isPending}>
            Create the portal link
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
