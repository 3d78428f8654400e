import { ActionIcon, Button, Tooltip, VisuallyHidden } from "@mantine/core";
import { IconCheck, IconCopy, IconX } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { copyText } from "./copy";

interface CopyButtonProps {
  value: string;
  /** What the button does, such as “Copy the secret”. */
  label: string;
  /** Shows the label beside the icon. */
  withText?: boolean;
}

type Outcome = "copied" | "failed" | null;

const SHOWN_FOR_MS = 2_000;

/** Copies a value, and says that it did. */
export function CopyButton({ value, label, withText = false }: CopyButtonProps) {
  const [outcome, setOutcome] = useState<Outcome>(null);
  useEffect(() => {
    if (outcome === null) return;
    const timer = setTimeout(() => setOutcome(null), SHOWN_FOR_MS);
    return () => clearTimeout(timer);
  }, [outcome]);

  const copy = async () => setOutcome((await copyText(value)) ? "copied" : "failed");
  const said =
    outcome === "copied"
      ? "Copied"
      : outcome === "failed"
        ? "Could not copy: select the text instead"
        : label;
  const Icon = outcome === "copied" ? IconCheck : outcome === "failed" ? IconX : IconCopy;
  return (
    <>
      {withText ? (
        <Button
          variant="default"
          size="xs"
          leftSection={<Icon size={16} aria-hidden />}
          onClick={() => void copy()}
        >
          {said}
        </Button>
      ) : (
        <Tooltip label={said}>
          <ActionIcon variant="subtle" color="gray" aria-label={label} onClick={() => void copy()}>
            <Icon size={16} aria-hidden />
          </ActionIcon>
        </Tooltip>
      )}
      <VisuallyHidden role="status">{outcome === null ? "" : said}</VisuallyHidden>
    </>
  );
}
