import { Badge } from "@mantine/core";
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
    { head: "Status", width: "7.5rem", cell: ({ status }) => <StatusBadge status={status} /> },
    {
      head: "Event",
      width: "minmax(0, 3fr)",
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
    { head: "Answer", width: "minmax(0, 2fr)", cell: (delivery) => <Answer delivery={delivery} /> },
    { head: "Took", width: "5.5rem", cell: ({ response_time_ms }) => <Duration ms={response_time_ms} /> },
    { head: "Attempt", width: "5rem", cell: ({ attempt }) => (attempt === 0 ? "–" : attempt) },
    {
      head: "Next attempt",
      width: "7.75rem",
      cell: ({ next_attempt_at }) => (next_attempt_at ? <Time at={next_attempt_at} relative /> : "–"),
    },
    { head: "Accepted", width: "6.5rem", cell: ({ created_at }) => <Time at={created_at} relative /> },
  ];
  if (retry)
    columns.push({ head: "Retry", width: "4.5rem", cell: (delivery) => <RetryButton delivery={delivery} retry={retry} /> });
  return columns;
}

function Answer({ delivery }: { delivery: Delivery }) {
  const { status, status_code, attempt, error } = delivery;
  if (attempt > 0 && status_code == null) return <span className={styles.none}>none</span>;
  const why = status === "failed" && error !== "attempts used up" && error;
  return (
    <>
      <StatusCode code={status_code} />
      {why && <span className={styles.why}>{why}</span>}
    </>
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
