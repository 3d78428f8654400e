import { Divider, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useAccess } from "../../session/session";
import { profilesQuery } from "../queries";
import type { Webhook } from "../types";
import { SecretPanel } from "./SecretPanel";
import { SettingsEditor } from "./SettingsEditor";
import { SettingsShown } from "./SettingsShown";

/** How a webhook is set. Those who may not change anything see it. */
export function Settings({ webhook }: { webhook: Webhook }) {
  const { manage } = useAccess();
  const profiles = useQuery(profilesQuery()).data;
  const profile = profiles?.find(({ name }) => name === webhook.profile);
  if (!manage) return <SettingsShown webhook={webhook} profile={profile} />;
  return (
    <Stack gap="xl">
      <SettingsEditor webhook={webhook} profile={profile} />
      <Divider />
      <SecretPanel webhook={webhook} profile={profile} />
    </Stack>
  );
}
