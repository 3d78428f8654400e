import { Anchor, Box, Text } from "@mantine/core";
import { useMemo } from "react";
import { Link } from "react-router";
import { deliveryPath } from "../app/paths";
import { StatusBadge } from "../parts/StatusBadge";
import { StatusCode } from "../parts/StatusCode";
import { Time } from "../parts/Time";
import type { Delivery } from "./queries";
import { Rows, type Column } from "../parts/Rows";
import { WebhookName } from "./WebhookName";
import { useWebhooks, type Found } from "./webhooks";

interface Props {
  tenant: string;
  label: string;
  deliveries: Delivery[];
  /** Whether these are of replays, which are then named. */
  replays: boolean;
}

export function DeliveryRows({ tenant, label, deliveries, replays }: Props) {
  const ids = useMemo(() => deliveries.map((delivery) => delivery.webhook_id), [deliveries]);
  const webhooks = useWebhooks(tenant, ids);
  const columns = columnsFor(tenant, webhooks, replays);
  return <Rows label={label} columns={columns} rows={deliveries} keyOf={(delivery) => delivery.id} />;
}

function columnsFor(tenant: string, webhooks: Found, replays: boolean): Column<Delivery>[] {
  return [
    {
      head: "Webhook",
      cell: ({ webhook_id: id }) => <WebhookName tenant={tenant} id={id} webhook={webhooks.get(id)} />,
    },
    { head: "Status", cell: (delivery) => <WholeBadge status={delivery.status} /> },
    { head: "Answer", cell: (delivery) => <Answer delivery={delivery} /> },
    { head: "Attempts", cell: (delivery) => delivery.attempt },
    {
      head: "Next attempt",
      cell: ({ next_attempt_at: at }) => (at ? <Time at={at} relative /> : "–"),
    },
    ...(replays ? [REPLAY] : []),
    {
      head: "Details",
      cell: ({ id }) => (
        <Anchor component={Link} to={deliveryPath(tenant, id)} size="sm" aria-label={`Delivery ${id}`}>
          Delivery
        </Anchor>
      ),
    },
  ];
}

const REPLAY: Column<Delivery> = {
  head: "Replay",
  cell: (delivery) => (
    <Text size="xs" ff="monospace">
      {delivery.replay_id}
    </Text>
  ),
};

/** The status that came back, and beside it why the delivery has failed. */
function Answer({ delivery: { status_code: code, error } }: { delivery: Delivery }) {
  return (
    <>
      {(code != null || !error) && <StatusCode code={code} />}
      {error && (
        <Text size="xs" c="dimmed">
          {error}
        </Text>
      )}
    </>
  );
}

/** Badges would be cut off before other columns give way. */
function WholeBadge({ status }: { status: Delivery["status"] }) {
  return (
    <Box miw="6.5rem">
      <StatusBadge status={status} />
    </Box>
  );
}
