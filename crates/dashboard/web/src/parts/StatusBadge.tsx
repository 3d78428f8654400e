import type { components } from "../api/schema";
import styles from "./StatusBadge.module.css";

type DeliveryStatus = components["schemas"]["DeliveryStatus"];

const LABELS: Record<DeliveryStatus, string> = {
  pending: "Pending",
  retrying: "Retrying",
  success: "Delivered",
  failed: "Failed",
  cancelled: "Cancelled",
};

/** How a delivery stands: by colour, sign and word. Lists have hundreds, so it is one element, and its style does the rest. */
export function StatusBadge({ status }: { status: DeliveryStatus }) {
  return <span className={`${styles.badge} ${styles[status]}`}>{LABELS[status]}</span>;
}
