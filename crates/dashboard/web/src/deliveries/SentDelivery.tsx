import { Alert, Anchor, Group, Loader, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { deliveryPath } from "../app/paths";
import { CodeBlock } from "../parts/CodeBlock";
import { Duration } from "../parts/Duration";
import { Failure } from "../parts/Failure";
import { StatusBadge } from "../parts/StatusBadge";
import { StatusCode } from "../parts/StatusCode";
import { useTenant } from "../session/session";
import { COLOURS } from "./colours";
import { type DeliveryInFull, sentDeliveryQuery } from "./queries";
import { standing } from "./words";

/** What becomes of a delivery that has just been sent, as it happens. */
export function SentDelivery({ id }: { id: string }) {
  const tenant = useTenant();
  const delivery = useQuery(sentDeliveryQuery(tenant, id));
  return (
    <div role="status">
      {delivery.isPending && <Waiting text="Sent. Waiting for it to show up…" />}
      {delivery.isError && !delivery.data && (
        <Failure error={delivery.error} retry={() => void delivery.refetch()} />
      )}
      {delivery.data && <Outcome delivery={delivery.data} />}
      <Anchor component={Link} to={deliveryPath(tenant, id)} size="sm">
        Open the delivery
      </Anchor>
    </div>
  );
}

function Waiting({ text }: { text: string }) {
  return (
    <Group gap="xs">
      <Loader size="xs" aria-hidden />
      <Text size="sm">{text}</Text>
    </Group>
  );
}

function Outcome({ delivery }: { delivery: DeliveryInFull }) {
  const last = delivery.attempts.at(-1);
  if (!last) return <Waiting text="Sent. Waiting for the receiver's answer…" />;
  const { headline, means, todo } = standing(delivery, undefined);
  return (
    <Alert color={COLOURS[delivery.status]} title={headline} mb="xs">
      <Stack gap="xs">
        <Group gap="xs">
          <StatusBadge status={delivery.status} />
          <StatusCode code={last.status_code} error={last.error} />
          <Text size="sm">
            after <Duration ms={last.response_time_ms} />
          </Text>
        </Group>
        <Text size="sm">{means}</Text>
        {todo && <Text size="sm">{todo}</Text>}
        {last.response_body !== "" && (
          <CodeBlock text={last.response_body} label="What it answered" maxHeight={160} />
        )}
      </Stack>
    </Alert>
  );
}
