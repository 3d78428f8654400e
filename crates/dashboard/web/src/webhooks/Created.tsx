import { Alert, Button, Group, Stack, Text, Title } from "@mantine/core";
import { IconCheck, IconSend } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "react-router";
import { webhookPath, webhooksPath } from "../app/paths";
import { SentDelivery } from "../deliveries/SentDelivery";
import { Page } from "../parts/Page";
import { useAction } from "../parts/useAction";
import { useTenant } from "../session/session";
import { sendTest } from "./sending";
import { PublicKey, SecretOnce } from "./SecretOnce";
import type { Webhook } from "./types";
import { VerifyingCode } from "./verifying/VerifyingCode";

/** What there is to do once a webhook is made: keep the secret, verify, try it out. */
export function Created({ webhook }: { webhook: Webhook }) {
  const tenant = useTenant();
  const signsBySecret = webhook.signing !== "ed25519";
  return (
    <Page
      title="Webhook created"
      crumbs={[{ label: "Webhooks", to: webhooksPath(tenant) }, { label: "Created" }]}
      actions={
        <Button component={Link} to={webhookPath(tenant, webhook.id)}>
          Go to the webhook
        </Button>
      }
    >
      <Stack gap="xl">
        <Alert color="teal" icon={<IconCheck aria-hidden />}>
          Events that are accepted from now on are posted to {webhook.url}.
        </Alert>
        <Stack>
          <Title order={2} size="h4">
            1. Keep {signsBySecret ? "the secret" : "the public key"}
          </Title>
          {signsBySecret && webhook.secret && (
            <SecretOnce secret={webhook.secret} title="The webhook's secret" />
          )}
          {webhook.public_key && <PublicKey value={webhook.public_key} />}
        </Stack>
        <Stack>
          <Title order={2} size="h4">
            2. Verify what comes in
          </Title>
          <VerifyingCode profile={webhook.profile ?? "standard"} signing={webhook.signing} />
        </Stack>
        <Stack>
          <Title order={2} size="h4">
            3. Try it out
          </Title>
          <TryOut webhook={webhook} />
        </Stack>
      </Stack>
    </Page>
  );
}

function TryOut({ webhook }: { webhook: Webhook }) {
  const tenant = useTenant();
  const [sent, setSent] = useState<string | null>(null);
  const send = useAction(() => sendTest(tenant, webhook.id, {}), {});
  return (
    <>
      <Text size="sm">
        A test is a sample event for this webhook alone. It is signed and delivered like any other, and what
        becomes of it is shown here.
      </Text>
      <Group>
        <Button
          leftSection={<IconSend size={16} aria-hidden />}
          loading={send.isPending}
          onClick={() => send.mutate(undefined, { onSuccess: ({ delivery_id }) => setSent(delivery_id) })}
        >
          Send a test
        </Button>
      </Group>
      {sent && <SentDelivery key={sent} id={sent} />}
    </>
  );
}
