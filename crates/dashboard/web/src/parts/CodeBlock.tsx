import { Button, Group, Text } from "@mantine/core";
import { useMemo, useState } from "react";
import styles from "./CodeBlock.module.css";
import { CopyButton } from "./CopyButton";
import { byteSize } from "./formats";
import { indentJson } from "./indentJson";
import { VisibleText } from "./VisibleText";

interface CodeBlockProps {
  text: string;
  /** `json` can be indented at a click; others are only names. */
  language?: string;
  /** What this is, such as “Response body”: its accessible name. */
  label: string;
  maxHeight?: number | string;
}

/** How much is shown at first: a browser shows it without a stutter. */
const FOLDED_AT = 64 * 1024;

/** Somebody's text, shown harmlessly: nothing in it is markup, and no character is unseen. */
export function CodeBlock({ text, language, label, maxHeight = "24rem" }: CodeBlockProps) {
  const [unfolded, setUnfolded] = useState(false);
  const [indented, setIndented] = useState(false);
  const pretty = useMemo(
    () => (language === "json" && text.length <= FOLDED_AT ? indentJson(text) : null),
    [language, text],
  );
  const canIndent = pretty !== null && pretty !== text.trim();
  const whole = indented && pretty !== null ? pretty : text;
  const folded = !unfolded && whole.length > FOLDED_AT;
  return (
    <div className={styles.block}>
      <Group className={styles.bar} gap={4} justify="flex-end">
        <Text size="xs" c="dimmed" mr="auto">
          {label}
        </Text>
        {canIndent && (
          <Button
            variant="subtle"
            size="compact-xs"
            onClick={() => setIndented(!indented)}
            aria-pressed={indented}
          >
            Indent
          </Button>
        )}
        <CopyButton value={text} label={`Copy: ${label}`} />
      </Group>
      {/* What scrolls must be reachable by keyboard. */}
      <pre
        className={styles.text}
        style={{ maxHeight }}
        tabIndex={0}
        role="region"
        aria-label={label}
        dir="ltr"
      >
        {whole === "" ? (
          <span className={styles.nothing}>(empty)</span>
        ) : (
          <VisibleText text={folded ? cut(whole) : whole} />
        )}
      </pre>
      {folded && (
        <Group className={styles.bar} gap="xs">
          <Text size="xs" c="dimmed">
            The first {byteSize(FOLDED_AT)} of {byteSize(new Blob([whole]).size)}.
          </Text>
          <Button variant="default" size="compact-xs" onClick={() => setUnfolded(true)}>
            Show all of it
          </Button>
        </Group>
      )}
    </div>
  );
}

/** The beginning; never half of a pair of surrogates. */
function cut(text: string): string {
  const end = text.charCodeAt(FOLDED_AT - 1);
  return text.slice(0, end >= 0xd800 && end <= 0xdbff ? FOLDED_AT - 1 : FOLDED_AT);
}
