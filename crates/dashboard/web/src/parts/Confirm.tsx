import { Text } from "@mantine/core";
import { modals } from "@mantine/modals";
import type { ReactNode } from "react";

interface Question {
  title: string;
  text: ReactNode;
  /** What the button that goes ahead says: what will be done, not “OK”. */
  action: string;
  /** For what cannot be taken back. */
  danger?: boolean;
}

/** Asks before something is done; `false` if whoever was asked turned away. */
export function confirmAction({ title, text, action, danger = false }: Question): Promise<boolean> {
  return new Promise((resolve) => {
    modals.openConfirmModal({
      title,
      children: typeof text === "string" ? <Text size="sm">{text}</Text> : text,
      labels: { confirm: action, cancel: "Cancel" },
      // Red 9 carries white text; Mantine's usual red does not.
      confirmProps: danger ? { color: "red.9" } : {},
      onConfirm: () => resolve(true),
      // Also after a confirmation, where it comes too late to change anything.
      onClose: () => resolve(false),
    });
  });
}
