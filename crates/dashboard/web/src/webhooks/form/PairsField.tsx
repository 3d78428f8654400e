import { ActionIcon, Button, Fieldset, Group, Stack, Text, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import type { SettingsForm } from "./useSettingsForm";
import { newPair } from "./values";

interface PairsFieldProps {
  form: SettingsForm;
  field: "headers" | "metadata";
  label: string;
  description: string;
  nameLabel: string;
  add: string;
}

/** Names with their texts, as rows that can be added and removed. */
export function PairsField({ form, field, label, description, nameLabel, add }: PairsFieldProps) {
  const pairs = form.getValues()[field];
  return (
    <Fieldset variant="unstyled" legend={label}>
      <Text size="xs" c="dimmed">
        {description}
      </Text>
      {form.errors[field] && (
        <Text size="sm" c="var(--mantine-color-error)">
          {form.errors[field]}
        </Text>
      )}
      <Stack gap="xs" mt="xs" align="flex-start">
        {pairs.map((pair, place) => (
          <Group key={pair.key} gap="xs" align="flex-start" wrap="nowrap" w="100%">
            <TextInput
              flex={1}
              aria-label={`${nameLabel} ${place + 1}`}
              placeholder={nameLabel}
              spellCheck={false}
              {...form.getInputProps(`${field}.${place}.name`)}
            />
            <TextInput
              flex={2}
              aria-label={`Value of ${pair.name || `row ${place + 1}`}`}
              placeholder={pair.kept === undefined ? "Value" : "Stored; type to replace it"}
              spellCheck={false}
              {...form.getInputProps(`${field}.${place}.value`)}
            />
            <ActionIcon
              variant="subtle"
              color="red"
              size="lg"
              aria-label={`Remove ${pair.name || `row ${place + 1}`}`}
              onClick={() => form.removeListItem(field, place)}
            >
              <IconTrash size={18} aria-hidden />
            </ActionIcon>
          </Group>
        ))}
        <Button
          variant="default"
          size="xs"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => form.insertListItem(field, newPair())}
        >
          {add}
        </Button>
      </Stack>
    </Fieldset>
  );
}
