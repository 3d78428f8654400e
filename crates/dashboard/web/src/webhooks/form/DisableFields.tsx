import { Checkbox, NumberInput, Stack, Switch, Text, TextInput } from "@mantine/core";
import { parseDuration, durationWords } from "../duration";
import type { Profile } from "../types";
import { profileRule } from "./shown";
import type { SettingsForm } from "./useSettingsForm";
import type { DisableValues } from "./values";

/** A rule in a sentence. */
export function ruleWords(
  rule: Pick<DisableValues, "gone" | "failing_for" | "failures_in_a_row" | "delivery_exhausted">,
) {
  const age = parseDuration(rule.failing_for);
  const conditions = [
    rule.gone && "it answers 410 Gone",
    age !== undefined && `it has done nothing but fail for ${durationWords(age)}`,
    rule.failures_in_a_row !== "" && `${rule.failures_in_a_row} attempts in a row have failed`,
    rule.delivery_exhausted && "all attempts of one delivery have failed",
  ].filter((condition) => condition !== false);
  return conditions.length === 0
    ? "It is never switched off."
    : `It is switched off when ${conditions.join(", or ")}.`;
}

/** What switches the webhook off by itself when it keeps failing. */
export function DisableFields({ form, profile }: { form: SettingsForm; profile: Profile | undefined }) {
  const { disable } = form.getValues();
  return (
    <Stack>
      <Text size="sm">
        A receiver that is gone for good should not be called forever. Nothing is lost when a webhook is
        switched off: make it active again, and replay what it missed. Tests count for nothing here.
      </Text>
      {(disable.own || profile) && (
        <Text size="sm" fw={600}>
          {ruleWords(disable.own ? disable : profileRule(profile))}
        </Text>
      )}
      <Switch
        label="A rule of its own"
        description="Otherwise the profile's rule holds."
        checked={disable.own}
        onChange={(event) => {
          const own = event.currentTarget.checked;
          form.setFieldValue("disable", own ? profileRule(profile) : { ...disable, own });
        }}
      />
      {disable.own && (
        <>
          <Checkbox
            label="When it answers 410 Gone"
            {...form.getInputProps("disable.gone", { type: "checkbox" })}
          />
          <Checkbox
            label="When all attempts of one delivery have failed"
            {...form.getInputProps("disable.delivery_exhausted", { type: "checkbox" })}
          />
          <TextInput
            label="When it has done nothing but fail for"
            description="1m to 365d; left empty, never."
            placeholder="5d"
            {...form.getInputProps("disable.failing_for")}
          />
          <NumberInput
            label="After so many failed attempts in a row"
            description="Left empty, never."
            min={1}
            allowDecimal={false}
            clampBehavior="none"
            {...form.getInputProps("disable.failures_in_a_row")}
          />
        </>
      )}
    </Stack>
  );
}
