import { Button, Group, Modal, Stack, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconRotate } from "@tabler/icons-react";
import { useState } from "react";
import { Time } from "../../parts/Time";
import { PublicKey } from "../SecretOnce";
import type { Profile, Webhook } from "../types";
import { Rotation } from "./Rotation";

interface SecretPanelProps {
  webhook: Webhook;
  profile: Profile | undefined;
}

/** The webhook's secret, as far as it is shown, and how it is replaced. */
export function SecretPanel({ webhook, profile }: SecretPanelProps) {
  const [opened, rotation] = useDisclosure(false);
  const [rotated, setRotated] = useState(false);
  const signsBySecret = webhook.signing !== "ed25519";
  return (
    <Stack align="flex-start">
      <Title order={2} size="h4">
        Secret
      </Title>
      {signsBySecret ? (
        <Text size="sm">
          It begins with <b>{webhook.secret_hint}</b> and is not shown again. Rotate it when somebody may have
          seen it who should not, or when you have lost it.
        </Text>
      ) : (
        <Text size="sm">This webhook is signed with its key pair alone; no shared secret is in use.</Text>
      )}
      {webhook.previous_secret_until && (
        <Text size="sm">
          The secret before signs until <Time at={webhook.previous_secret_until} />.
        </Text>
      )}
      {webhook.public_key && <PublicKey value={webhook.public_key} />}
      {signsBySecret && (
        <Group>
          <Button
            variant="default"
            leftSection={<IconRotate size={16} aria-hidden />}
            onClick={rotation.open}
          >
            Rotate the secret
          </Button>
        </Group>
      )}
      <Modal
        opened={opened}
        onClose={rotation.close}
        title="Rotate the secret"
        size="lg"
        // The new secret is shown once; a slip of the hand must not lose it.
        closeOnClickOutside={false}
        closeOnEscape={!rotated}
        withCloseButton={!rotated}
        onExitTransitionEnd={() => setRotated(false)}
      >
        <Rotation
          webhook={webhook}
          profile={profile}
          onRotated={() => setRotated(true)}
          onClose={rotation.close}
        />
      </Modal>
    </Stack>
  );
}
