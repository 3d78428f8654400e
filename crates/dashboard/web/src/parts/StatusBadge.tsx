import { IconCheck, IconClock, IconMinus, IconRefresh, IconX, type TablerIcon } from "@tabler/icons-react";
import type { components } from "../api/schema";
import styles from "./StatusBadge.module.css";

type DeliveryStatus = components["schemas"]["DeliveryStatus"];

const LOOKS: Record<DeliveryStatus, { label: string; color: string; Icon: TablerIcon }> = {
  pending: { label: "Pending", color: "gray", Icon: IconClock },
  retrying: { label: "Retrying", color: "orange", Icon: IconRefresh },
  success: { label: "Delivered", color: "teal", Icon: IconCheck },
  failed: { label: "Failed", color: "red", Icon: IconX },
  cancelled: { label: "Cancelled", color: "gray", Icon: IconMinus },
};

/** How a delivery stands: by colour, sign and word. Lists have hundreds, so it is as plain as can be. */
export function StatusBadge({ status }: { status: DeliveryStatus }) {
  const { label, color, Icon } = LOOKS[status];
  return (
    <span className={styles.badge} data-color={color}>
      <Icon size={12} stroke={2.5} aria-hidden />
      {label}
    </span>
  );
}
