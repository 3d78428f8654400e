import { Alert, Code, Group, Stack, Text } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { CopyButton } from "../parts/CopyButton";
import { useFocusWhenShown } from "../parts/focus";

interface SecretOnceProps {
  secret: string;
  title: string;
}

/** A secret in the one moment in which it is shown. */
export function SecretOnce({ secret, title }: SecretOnceProps) {
  const alert = useFocusWhenShown<HTMLDivElement>();
  return (
    <Alert ref={alert} tabIndex={-1} color="orange" icon={<IconKey aria-hidden />} title={title}>
      <Stack gap="xs">
        <Text size="sm">
          Copy it now and keep it where your receiver finds it. It is stored encrypted and never shown again;
          whoever loses it has to rotate it.
        </Text>
        <Group gap="xs" wrap="nowrap">
          <Code block flex={1} dir="ltr" style={{ whiteSpace: "pre-wrap", wordBreak: "break-all" }}>
            {secret}
          </Code>
          <CopyButton value={secret} label="Copy the secret" withText />
        </Group>
      </Stack>
    </Alert>
  );
}

/** The public half of a key pair; it is no secret. */
export function PublicKey({ value }: { value: string }) {
  return (
    <div>
      <Text size="sm" fw={500}>
        Public key
      </Text>
      <Text size="sm" c="dimmed">
        Verifies ed25519 signatures. It is no secret and can be looked up here at any time.
      </Text>
      <Group gap="xs" wrap="nowrap" mt={4}>
        <Code block flex={1} dir="ltr" style={{ whiteSpace: "pre-wrap", wordBreak: "break-all" }}>
          {value}
        </Code>
        <CopyButton value={value} label="Copy the public key" />
      </Group>
    </div>
  );
}
