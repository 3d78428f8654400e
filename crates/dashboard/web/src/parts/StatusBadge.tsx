import { Badge } from "@mantine/core";
import { IconCheck, IconClock, IconMinus, IconRefresh, IconX, type TablerIcon } from "@tabler/icons-react";
import type { components } from "../api/schema";

type DeliveryStatus = components["schemas"]["DeliveryStatus"];

const LOOKS: Record<DeliveryStatus, { label: string; color: string; Icon: TablerIcon }> = {
  pending: { label: "Pending", color: "gray", Icon: IconClock },
  retrying: { label: "Retrying", color: "orange", Icon: IconRefresh },
  success: { label: "Delivered", color: "teal", Icon: IconCheck },
  failed: { label: "Failed", color: "red", Icon: IconX },
  cancelled: { label: "Cancelled", color: "gray", Icon: IconMinus },
};

function isKnown(status: string): status is DeliveryStatus {
  return Object.hasOwn(LOOKS, status);
}

/** How a delivery stands: by colour, sign and word. */
export function StatusBadge({ status }: { status: string }) {
  const { label, color, Icon } = isKnown(status)
    ? LOOKS[status]
    : { label: status, color: "gray", Icon: IconMinus };
  return (
    <Badge variant="light" color={color} tt="none" leftSection={<Icon size={12} stroke={2.5} aria-hidden />}>
      {label}
    </Badge>
  );
}
