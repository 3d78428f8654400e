import { ActionIcon, Alert, Button, Group, NumberInput, Stack, Switch, Text, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import type { Profile } from "../types";
import { ScheduleLine } from "./ScheduleLine";
import { profileSchedule } from "./shown";
import type { SettingsForm } from "./useSettingsForm";

const MOST_ATTEMPTS = 20;

/** When attempts are made: as the profile has it, or a schedule of the webhook's own. */
export function ScheduleField({ form, profile }: { form: SettingsForm; profile: Profile | undefined }) {
  const { retry } = form.getValues();
  const shown = retry.own ? retry : profile?.retry;
  return (
    <Stack>
      <Text size="sm">
        An attempt fails when the receiver answers with anything but a 2xx, or not in time. Then it is tried
        again, after these delays, each counted from the end of the attempt before. When a receiver asks for
        patience with Retry-After, it gets it.
      </Text>
      {shown && <ScheduleLine delays={shown.delays} jitter={shown.jitter} />}
      <Switch
        label="A schedule of its own"
        description="Otherwise the profile's schedule holds."
        checked={retry.own}
        onChange={(event) => {
          const own = event.currentTarget.checked;
          for (const path of Object.keys(form.errors))
            if (path.startsWith("retry")) form.clearFieldError(path);
          form.setFieldValue("retry", own ? profileSchedule(profile) : { ...retry, own });
        }}
      />
      {retry.own && <Delays form={form} />}
      {form.errors.retry && (
        <Alert color="red" role="alert">
          {form.errors.retry}
        </Alert>
      )}
    </Stack>
  );
}

function Delays({ form }: { form: SettingsForm }) {
  const { delays, jitter } = form.getValues().retry;
  return (
    <Stack gap="xs" align="flex-start">
      {delays.map((_, place) => (
        <Group key={place} gap="xs" align="flex-end" wrap="nowrap">
          <TextInput
            w="12rem"
            label={place === 0 ? "Delay before attempt 1" : `Before attempt ${place + 1}`}
            placeholder="5m"
            {...form.getInputProps(`retry.delays.${place}`)}
          />
          <ActionIcon
            variant="subtle"
            color="red"
            size="lg"
            aria-label={`Remove attempt ${place + 1}`}
            disabled={delays.length === 1}
            onClick={() => form.removeListItem("retry.delays", place)}
          >
            <IconTrash size={18} aria-hidden />
          </ActionIcon>
        </Group>
      ))}
      <Button
        variant="default"
        size="xs"
        leftSection={<IconPlus size={14} aria-hidden />}
        disabled={delays.length >= MOST_ATTEMPTS}
        onClick={() => form.insertListItem("retry.delays", delays.at(-1) ?? "0s")}
      >
        Add an attempt
      </Button>
      {form.errors["retry.delays"] && (
        <Text size="sm" c="var(--mantine-color-error)">
          {form.errors["retry.delays"]}
        </Text>
      )}
      <NumberInput
        label="Variation"
        description={
          "By how much each delay may be shorter or longer, so that many retries do not " +
          "come at the same moment."
        }
        suffix=" %"
        min={0}
        max={100}
        value={Math.round(jitter * 1_000) / 10}
        error={form.errors["retry.jitter"]}
        onChange={(percent) => form.setFieldValue("retry.jitter", Math.round(Number(percent) * 10) / 1_000)}
      />
    </Stack>
  );
}
