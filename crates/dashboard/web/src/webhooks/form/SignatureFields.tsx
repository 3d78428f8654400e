import { NativeSelect, Radio, Stack, Text } from "@mantine/core";
import type { Profile } from "../types";
import { SecretInput } from "./SecretInput";
import type { SettingsForm } from "./useSettingsForm";

/** How a profile signs, in a sentence. */
export function signatureWords({ signature }: Profile): string {
  return signature.scheme === "standard"
    ? "Signed as Standard Webhooks has it: HMAC-SHA256 over id, time and body."
    : `Signed with HMAC-SHA256 over the body; the header is ${signature.header ?? "the profile's own"}.`;
}

interface ProfileFieldProps {
  form: SettingsForm;
  profiles: Profile[];
  /** The tenant's default, where that is known. */
  defaultName: string | undefined;
  profile: Profile | undefined;
}

/** The rules under which a new webhook is delivered, and its secret. */
export function ProfileFields({ form, profiles, defaultName, profile }: ProfileFieldProps) {
  const options = [
    { value: "", label: defaultName ? `Default (${defaultName})` : "Default" },
    ...profiles.map(({ name }) => ({ value: name, label: name })),
  ];
  return (
    <Stack>
      <NativeSelect
        label="Profile"
        description={
          "The format of requests and the rules they are delivered by. It cannot change " +
          "later, since the receiver is written for it."
        }
        data={options}
        {...form.getInputProps("profile")}
      />
      {profile && (
        <Text size="sm">
          {signatureWords(profile)} An answer of {profile.success.from} to {profile.success.to} within{" "}
          {profile.timeout} counts as success.
        </Text>
      )}
      <SecretInput profile={profile} label="Secret" {...form.getInputProps("secret")} />
      {profile?.signature.ed25519 && <SigningField form={form} />}
    </Stack>
  );
}

/** Which signatures a webhook gets, where the profile leaves the choice. */
export function SigningField({ form }: { form: SettingsForm }) {
  return (
    <Radio.Group label="Signatures" {...form.getInputProps("signing")}>
      <Stack gap="xs" mt="xs">
        <Radio
          value="hmac"
          label="Shared secret (HMAC-SHA256)"
          description="Verified with the secret. Every library can do it."
        />
        <Radio
          value="ed25519"
          label="Key pair (ed25519)"
          description="Verified with a public key, so the receiver has nothing to hide."
        />
        <Radio value="both" label="Both" description="For moving from one to the other." />
      </Stack>
    </Radio.Group>
  );
}
