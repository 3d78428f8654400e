import { Stack, Textarea } from "@mantine/core";
import { PairsField } from "./PairsField";
import type { SettingsForm } from "./useSettingsForm";

/** What people note about a webhook. */
export function AboutFields({ form }: { form: SettingsForm }) {
  return (
    <Stack>
      <Textarea
        label="Description"
        description="For the people who look at this list; receivers do not see it."
        maxLength={1_000}
        autosize
        minRows={1}
        {...form.getInputProps("description")}
      />
      <PairsField
        form={form}
        field="metadata"
        label="Notes"
        description="Names and texts of your own, such as team = billing."
        nameLabel="Name"
        add="Add a note"
      />
    </Stack>
  );
}
