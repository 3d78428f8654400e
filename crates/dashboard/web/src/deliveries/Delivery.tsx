import { Alert, Anchor, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "react-router";
import { ProblemError } from "../api/client";
import { webhookPath, webhooksPath } from "../app/paths";
import { Loaded } from "../parts/Loaded";
import { Page } from "../parts/Page";
import { StatusBadge } from "../parts/StatusBadge";
import { Time } from "../parts/Time";
import { useTenant } from "../session/session";
import { profilesQuery, webhookQuery } from "../webhooks/queries";
import type { Webhook } from "../webhooks/types";
import { Attempts } from "./Attempts";
import { COLOURS } from "./colours";
import { DeliveryFacts } from "./DeliveryFacts";
import { type DeliveryInFull, deliveryQuery } from "./queries";
import { RetryNow } from "./RetryNow";
import { standing } from "./words";

/** One event's way to one webhook: how it stands, why, and every attempt. */
export function Component() {
  const tenant = useTenant();
  const id = useParams().delivery ?? "";
  const delivery = useQuery(deliveryQuery(tenant, id));
  const webhookId = delivery.data?.webhook_id ?? "";
  const webhook = useQuery({ ...webhookQuery(tenant, webhookId), enabled: webhookId !== "" });
  const isDeleted = webhook.error instanceof ProblemError && webhook.error.status === 404;
  const found = delivery.data;
  return (
    <Page
      title={found ? `Delivery of ${found.event_type}` : "Delivery"}
      description={found && <StatusBadge status={found.status} />}
      crumbs={[
        { label: "Webhooks", to: webhooksPath(tenant) },
        ...(found
          ? [
              {
                label: webhook.data?.description || webhook.data?.url || "Webhook",
                to: webhookPath(tenant, found.webhook_id),
              },
            ]
          : []),
        { label: "Delivery" },
      ]}
      actions={found && webhook.data && <RetryNow delivery={found} webhook={webhook.data} />}
    >
      <Loaded query={delivery}>
        {(shown) => <InFull delivery={shown} webhook={webhook.data} isDeleted={isDeleted} />}
      </Loaded>
    </Page>
  );
}

interface InFullProps {
  delivery: DeliveryInFull;
  webhook: Webhook | undefined;
  isDeleted: boolean;
}

function InFull({ delivery, webhook, isDeleted }: InFullProps) {
  const tenant = useTenant();
  const planned = usePlanned(webhook);
  const { headline, means, todo } = standing(delivery, planned);
  return (
    <Stack gap="lg">
      <Alert color={COLOURS[delivery.status]} title={headline}>
        <Stack gap="xs" align="flex-start">
          <Text size="sm">{means}</Text>
          {todo && <Text size="sm">{todo}</Text>}
          {delivery.next_attempt_at && (
            <Text size="sm">
              The next attempt is due{" "}
              <b>
                <Time at={delivery.next_attempt_at} relative />
              </b>
              , at <Time at={delivery.next_attempt_at} />.
            </Text>
          )}
          {webhook && !webhook.is_active && (
            <Text size="sm">
              Its webhook is not active, so nothing is sent.{" "}
              <Anchor component={Link} to={webhookPath(tenant, webhook.id)} size="sm">
                Look at the webhook
              </Anchor>
            </Text>
          )}
        </Stack>
      </Alert>
      <DeliveryFacts delivery={delivery} webhook={webhook} isDeleted={isDeleted} planned={planned} />
      <Attempts delivery={delivery} webhook={webhook} />
    </Stack>
  );
}

/** How many attempts the webhook's schedule has. */
function usePlanned(webhook: Webhook | undefined): number | undefined {
  const profiles = useQuery(profilesQuery()).data;
  if (!webhook) return undefined;
  const delays =
    webhook.retry?.delays ?? profiles?.find(({ name }) => name === webhook.profile)?.retry.delays;
  return delays?.length;
}
