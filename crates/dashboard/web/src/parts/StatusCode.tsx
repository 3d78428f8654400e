import { Code, Text } from "@mantine/core";
import { visibleText } from "./visible";

interface StatusCodeProps {
  /** The HTTP status that a receiver answered. */
  code: number | null | undefined;
  /** Why there was no answer. */
  error?: string | null;
}

/** What a receiver answered, or why it did not. */
export function StatusCode({ code, error }: StatusCodeProps) {
  if (code === null || code === undefined) {
    return error ? (
      <Text span size="sm" c="var(--fanfare-bad)">
        {visibleText(error)}
      </Text>
    ) : (
      <span>–</span>
    );
  }
  const good = code >= 200 && code < 300;
  return (
    <Code
      c={good ? "var(--fanfare-good)" : "var(--fanfare-bad)"}
      title={error ? visibleText(error) : undefined}
    >
      {code}
    </Code>
  );
}
