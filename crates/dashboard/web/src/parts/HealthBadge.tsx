import { Badge } from "@mantine/core";
import {
  IconAlertTriangle,
  IconCheck,
  IconPlayerPause,
  IconPlugConnectedX,
  type TablerIcon,
} from "@tabler/icons-react";
import type { components } from "../api/schema";
import { count } from "./formats";

type Health = components["schemas"]["Health"];
type HealthState = components["schemas"]["HealthState"];

interface HealthBadgeProps {
  health: Health | HealthState;
  isActive: boolean;
}

/** How a webhook fares: healthy, failing, switched off by a rule, or paused by someone. */
export function HealthBadge({ health, isActive }: HealthBadgeProps) {
  const { label, color, Icon } = looks(health, isActive);
  return (
    <Badge
      miw="max-content"
      variant="light"
      color={color}
      tt="none"
      leftSection={<Icon size={12} stroke={2.5} aria-hidden />}
    >
      {label}
    </Badge>
  );
}

function looks(
  health: Health | HealthState,
  isActive: boolean,
): { label: string; color: string; Icon: TablerIcon } {
  const state = typeof health === "string" ? health : health.state;
  if (state === "disabled") return { label: "Switched off", color: "red", Icon: IconPlugConnectedX };
  if (!isActive) return { label: "Paused", color: "gray", Icon: IconPlayerPause };
  if (state === "failing") return { label: failing(health), color: "orange", Icon: IconAlertTriangle };
  return { label: "Healthy", color: "teal", Icon: IconCheck };
}

function failing(health: Health | HealthState): string {
  const failures = typeof health === "string" ? 0 : health.consecutive_failures;
  return failures > 1 ? `Failing, ${count(failures)} in a row` : "Failing";
}
