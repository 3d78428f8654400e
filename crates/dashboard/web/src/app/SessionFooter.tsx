import { Button, Stack, Text } from "@mantine/core";
import { IconLogout } from "@tabler/icons-react";
import { useAction } from "../parts/useAction";
import { signOut } from "../session/queries";
import { type Session, useSession } from "../session/session";
import { ThemeSwitch } from "./ThemeSwitch";

/** Who is signed in, how the page looks, and the way out. */
export function SessionFooter() {
  const session = useSession();
  const leaving = useAction(signOut, {});
  return (
    <Stack gap="xs" mt="auto" pt="md">
      <ThemeSwitch />
      <Text size="xs" c="dimmed" px="xs">
        {whoIsIn(session)}
      </Text>
      <Button
        variant="default"
        size="xs"
        leftSection={<IconLogout size={16} aria-hidden />}
        loading={leaving.isPending}
        onClick={() => leaving.mutate()}
      >
        Sign out
      </Button>
    </Stack>
  );
}

function whoIsIn({ name, role, tenant, tenant_name, access }: Session): string {
  const who = name ?? (role === "operator" ? "Operator" : (tenant_name ?? tenant ?? "Tenant"));
  return access === "read" ? `${who}, may look but not change` : who;
}
