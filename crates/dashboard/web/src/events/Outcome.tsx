import { Group, Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconCircleDashed, type TablerIcon } from "@tabler/icons-react";

/** How an event fared, in a word with a sign. */
export function Outcome({ delivered }: { delivered: boolean | null | undefined }) {
  const { icon: Icon, color, words } = look(delivered);
  return (
    <Group gap={6} wrap="nowrap" component="span" display="inline-flex">
      <Icon size={18} color={color} aria-hidden />
      <Text span size="sm">
        {words}
      </Text>
    </Group>
  );
}

interface Look {
  icon: TablerIcon;
  color: string;
  words: string;
}

function look(delivered: boolean | null | undefined): Look {
  if (delivered == null) {
    return { icon: IconCircleDashed, color: "var(--mantine-color-dimmed)", words: "No webhook" };
  }
  return delivered
    ? { icon: IconCircleCheck, color: "var(--fanfare-good)", words: "Delivered" }
    : { icon: IconAlertTriangle, color: "var(--fanfare-middle)", words: "Not delivered" };
}
