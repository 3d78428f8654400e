import { Button, Group, PasswordInput, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { Profile } from "../types";
import { randomSecret } from "./randomSecret";

interface SecretInputProps {
  profile: Profile | undefined;
  label: string;
  value?: string;
  onChange: (secret: string) => void;
  error?: ReactNode;
  "data-path"?: string;
}

function form(profile: Profile): string {
  const { key, least_length } = profile.secret;
  if (key === "whsec") return "It is whsec_ followed by 24 to 64 bytes in base64.";
  return least_length > 1 ? `It has at least ${least_length} characters.` : "It may be any text.";
}

/** A secret as the profile has it: made for us, given by us, or either. */
export function SecretInput({ profile, label, value, onChange, error, ...rest }: SecretInputProps) {
  const origin = profile?.secret.origin ?? "made_or_given";
  if (origin === "made") {
    return (
      <div>
        <Text size="sm" fw={500}>
          {label}
        </Text>
        <Text size="sm" c="dimmed">
          It is made for you and shown once.
        </Text>
        {error && (
          <Text size="sm" c="var(--mantine-color-error)">
            {error}
          </Text>
        )}
      </div>
    );
  }
  const isNeeded = origin === "given";
  const purpose = isNeeded
    ? "Your receiver verifies signatures with it, so both of you must know it."
    : "Left empty, one is made for you and shown once.";
  return (
    <Stack gap="xs">
      <PasswordInput
        label={label}
        description={profile ? `${purpose} ${form(profile)}` : purpose}
        placeholder={isNeeded ? undefined : "Made for you"}
        autoComplete="new-password"
        withAsterisk={isNeeded}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        error={error}
        {...rest}
      />
      {isNeeded && profile && (
        <Group>
          <Button variant="default" size="xs" onClick={() => onChange(randomSecret(profile.secret.key))}>
            Make up a random one
          </Button>
        </Group>
      )}
    </Stack>
  );
}
