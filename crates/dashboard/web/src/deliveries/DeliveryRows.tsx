import { Badge, Group, Text } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useMemo } from "react";
import { Link } from "react-router";
import { deliveryPath } from "../app/paths";
import { type Column, Rows } from "../parts/Rows";
import { Duration } from "../parts/Duration";
import { StatusBadge } from "../parts/StatusBadge";
import { StatusCode } from "../parts/StatusCode";
import { Time } from "../parts/Time";
import { useAccess, useTenant } from "../session/session";
import styles from "./DeliveryRows.module.css";
import type { Delivery } from "./queries";
import { useRetry } from "./retrying";

interface DeliveryRowsProps {
  deliveries: Delivery[];
  stale: boolean;
  /** Whether their webhook takes anything at all. */
  mayRetry: boolean;
}

/** A webhook's deliveries. */
export function DeliveryRows({ deliveries, stale, mayRetry }: DeliveryRowsProps) {
  const tenant = useTenant();
  const { manage } = useAccess();
  const { mutateAsync: retry } = useRetry(tenant);
  const retries = manage && mayRetry;
  const columns = useMemo(() => columnsFor(tenant, retries ? retry : undefined), [tenant, retries, retry]);
  return (
    <Rows
      label="Deliveries"
      columns={columns}
      rows={deliveries}
      keyOf={(delivery) => delivery.id}
      stale={stale}
    />
  );
}

type Retry = (id: string) => Promise<unknown>;

function columnsFor(tenant: string, retry: Retry | undefined): Column<Delivery>[] {
  const columns: Column<Delivery>[] = [
    { head: "Status", cell: ({ status }) => <StatusBadge status={status} /> },
    {
      head: "Event",
      cell: (delivery) => (
        <>
          <Link to={deliveryPath(tenant, delivery.id)} className={styles.link}>
            {delivery.event_type}
          </Link>
          {delivery.replay_id && (
            <Badge ml="xs" size="sm" variant="light" color="gray" tt="none">
              Replayed
            </Badge>
          )}
        </>
      ),
    },
    { head: "Answer", cell: (delivery) => <Answer delivery={delivery} /> },
    { head: "Took", cell: ({ response_time_ms }) => <Duration ms={response_time_ms} /> },
    { head: "Attempt", cell: ({ attempt }) => (attempt === 0 ? "–" : attempt) },
    {
      head: "Next attempt",
      cell: ({ next_attempt_at }) => (next_attempt_at ? <Time at={next_attempt_at} relative /> : "–"),
    },
    { head: "Accepted", cell: ({ created_at }) => <Time at={created_at} relative /> },
  ];
  if (retry)
    columns.push({ head: "Retry", cell: (delivery) => <RetryButton delivery={delivery} retry={retry} /> });
  return columns;
}

function Answer({ delivery }: { delivery: Delivery }) {
  const { status, status_code, attempt, error } = delivery;
  if (attempt > 0 && status_code == null)
    return (
      <Text size="sm" c="var(--fanfare-bad)">
        none
      </Text>
    );
  return (
    <Group gap={6}>
      <StatusCode code={status_code} />
      {status === "failed" && error && error !== "attempts used up" && (
        <Text size="xs" c="dimmed">
          {error}
        </Text>
      )}
    </Group>
  );
}

function RetryButton({ delivery, retry }: { delivery: Delivery; retry: Retry }) {
  if (delivery.status === "success" || delivery.status === "pending") return null;
  return (
    <button
      type="button"
      className={styles.retry}
      aria-label={`Retry ${delivery.event_type} now`}
      onClick={({ currentTarget: button }) => {
        button.disabled = true;
        // Why it failed is said elsewhere; here it can be pressed again.
        void retry(delivery.id)
          .catch(() => undefined)
          .finally(() => (button.disabled = false));
      }}
    >
      <IconRefresh size={18} aria-hidden />
    </button>
  );
}
