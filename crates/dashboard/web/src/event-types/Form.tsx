import { Button, Group, SimpleGrid, Stack, Switch, TagsInput, Textarea } from "@mantine/core";
import { useForm } from "@mantine/form";
import { FormProblem } from "../parts/FormProblem";
import { JsonEditor } from "../parts/JsonEditor";
import { useAction } from "../parts/useAction";
import { FIELDS, draftErrors, draftOf, readDraft, type Draft } from "./draft";
import { eventTypesKey, putEventType, type EventType, type EventTypeDescription } from "./queries";

interface Props {
  tenant: string;
  name: string;
  /** As it is; `null` if it is described for the first time. */
  type: EventType | null;
  onClose: () => void;
}

export function Form({ tenant, name, type, onClose }: Props) {
  const form = useForm<Draft>({ initialValues: draftOf(type) });
  const save = useAction((body: EventTypeDescription) => putEventType(tenant, name, body), {
    done: `${name} was saved.`,
    refresh: [eventTypesKey(tenant)],
    inForm: true,
  });

  function submit(draft: Draft) {
    const read = readDraft(draft);
    if ("errors" in read) {
      form.setErrors(read.errors);
      return;
    }
    save.mutate(read.body, {
      onSuccess: onClose,
      onError: (problem) => form.setErrors(draftErrors(problem, draft.aliases)),
    });
  }

  return (
    <form onSubmit={form.onSubmit(submit)} noValidate>
      <Stack gap="lg">
        <FormProblem error={save.error} fields={FIELDS} />
        <Textarea
          label="Meaning"
          description="What has happened when such an event is published"
          autosize
          minRows={2}
          {...form.getInputProps("description")}
        />
        <TagsInput
          label="Aliases"
          description="Other names; whoever subscribes to one of them gets all. Press Enter after each."
          clearable
          {...form.getInputProps("aliases")}
        />
        <Switch
          label="Deprecated"
          description="Tells publishers to stop using it; nothing is refused"
          {...form.getInputProps("deprecated", { type: "checkbox" })}
        />
        <SimpleGrid cols={{ base: 1, md: 2 }}>
          <JsonEditor label="Example" description="What tests send" {...jsonProps("example")} />
          <JsonEditor
            label="JSON Schema"
            description="Events whose data does not satisfy it are refused"
            {...jsonProps("schema")}
          />
        </SimpleGrid>
        <Group>
          <Button type="submit" loading={save.isPending}>
            Save
          </Button>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
        </Group>
      </Stack>
    </form>
  );

  function jsonProps(field: "example" | "schema") {
    const { [field]: value } = form.values;
    const { [field]: problem } = form.errors;
    return {
      value,
      error: typeof problem === "string" ? problem : undefined,
      onChange: (text: string) => {
        form.setFieldValue(field, text);
        form.clearFieldError(field);
      },
    };
  }
}
