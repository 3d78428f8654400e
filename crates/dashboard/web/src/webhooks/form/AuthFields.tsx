import { Alert, PasswordInput, Radio, Select, Stack, TextInput } from "@mantine/core";
import type { Profile } from "../types";
import type { SettingsForm } from "./useSettingsForm";
import type { AuthValues } from "./values";

const KINDS: { value: AuthValues["type"]; label: string; description: string }[] = [
  { value: "none", label: "None", description: "The signature alone proves where requests come from." },
  {
    value: "basic",
    label: "Basic",
    description: "A user name and a password go along in the Authorization header.",
  },
  {
    value: "bearer",
    label: "Bearer token",
    description: "A fixed token goes along in the Authorization header.",
  },
  {
    value: "oauth2_client_credentials",
    label: "OAuth 2.0 client credentials",
    description: "A token is fetched from your token endpoint and renewed before it expires.",
  },
];

const CLIENT_AUTHENTICATION = [
  { value: "basic", label: "In the Authorization header (the usual way)" },
  { value: "post", label: "In the form" },
];

interface AuthFieldsProps {
  form: SettingsForm;
  profile: Profile | undefined;
  /** The kind of credentials that is stored; their secret parts stay while their fields are empty. */
  stored?: AuthValues["type"];
}

/** Credentials that a receiver asks for. */
export function AuthFields({ form, profile, stored }: AuthFieldsProps) {
  const { type } = form.getValues().auth;
  const needed = profile?.auth === "oauth2_client_credentials";
  const kept = stored === type ? "Stored; type to replace it" : undefined;
  return (
    <Stack>
      {needed && <Alert>The profile {profile.name} needs OAuth 2.0 client credentials.</Alert>}
      <Radio.Group label="What the receiver asks for" {...form.getInputProps("auth.type")}>
        <Stack gap="xs" mt="xs">
          {KINDS.map((kind) => (
            <Radio
              key={kind.value}
              {...kind}
              disabled={needed && kind.value !== "oauth2_client_credentials" && type !== kind.value}
            />
          ))}
        </Stack>
      </Radio.Group>
      {type === "basic" && (
        <>
          <TextInput label="User name" autoComplete="off" {...form.getInputProps("auth.username")} />
          <PasswordInput
            label="Password"
            placeholder={kept}
            autoComplete="new-password"
            {...form.getInputProps("auth.password")}
          />
        </>
      )}
      {type === "bearer" && (
        <PasswordInput
          label="Token"
          placeholder={kept}
          autoComplete="new-password"
          {...form.getInputProps("auth.token")}
        />
      )}
      {type === "oauth2_client_credentials" && <OAuthFields form={form} kept={kept} />}
    </Stack>
  );
}

function OAuthFields({ form, kept }: { form: SettingsForm; kept: string | undefined }) {
  return (
    <>
      <TextInput
        label="Token URL"
        description="Where tokens are fetched."
        placeholder="https://id.example.com/oauth2/token"
        inputMode="url"
        {...form.getInputProps("auth.token_url")}
      />
      <TextInput label="Client id" autoComplete="off" {...form.getInputProps("auth.client_id")} />
      <PasswordInput
        label="Client secret"
        placeholder={kept}
        autoComplete="new-password"
        {...form.getInputProps("auth.client_secret")}
      />
      <TextInput label="Scope" description="May stay empty." {...form.getInputProps("auth.scope")} />
      <TextInput label="Audience" description="May stay empty." {...form.getInputProps("auth.audience")} />
      <Select
        label="How the client proves who it is"
        data={CLIENT_AUTHENTICATION}
        allowDeselect={false}
        {...form.getInputProps("auth.auth_method")}
      />
    </>
  );
}
