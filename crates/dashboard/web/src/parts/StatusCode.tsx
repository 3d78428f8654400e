import styles from "./StatusCode.module.css";
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
    return <span className={error ? styles.bad : undefined}>{error ? visibleText(error) : "–"}</span>;
  }
  const looks = code >= 200 && code < 300 ? styles.good : styles.bad;
  return (
    <code className={`${styles.code} ${looks}`} title={error ? visibleText(error) : undefined}>
      {code}
    </code>
  );
}
