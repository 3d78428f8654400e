import { NumberInput, Stack, TextInput } from "@mantine/core";
import type { Profile } from "../types";
import type { SettingsForm } from "./useSettingsForm";

/** How long, how fast, and how many at once. */
export function LimitsFields({ form, profile }: { form: SettingsForm; profile: Profile | undefined }) {
  return (
    <Stack>
      <TextInput
        label="Time limit for an answer"
        description={`1s to 30s.${profile ? ` Left empty, the profile's ${profile.timeout}.` : ""}`}
        placeholder={profile?.timeout}
        {...form.getInputProps("timeout")}
      />
      <NumberInput
        label="Deliveries per second at most"
        description="What comes faster waits its turn. May be less than one; left empty, there is no limit."
        placeholder="No limit"
        min={0.001}
        max={1_000_000}
        clampBehavior="none"
        {...form.getInputProps("rate_limit.per_second")}
      />
      <NumberInput
        label="Burst"
        description="How many may go at once after a pause; left empty, as many as a second has."
        min={1}
        max={1_000_000}
        allowDecimal={false}
        clampBehavior="none"
        {...form.getInputProps("rate_limit.burst")}
      />
      <NumberInput
        label="Attempts at the same time"
        description={
          "For receivers that can only do so much at once. Counted for each of our workers " + "by itself."
        }
        placeholder="No limit"
        min={1}
        max={10_000}
        allowDecimal={false}
        clampBehavior="none"
        {...form.getInputProps("max_in_flight")}
      />
    </Stack>
  );
}
