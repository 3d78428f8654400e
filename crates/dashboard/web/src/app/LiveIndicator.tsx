import type { ReactNode } from "react";
import { useLive } from "../api/live";
import type { LiveState } from "../api/liveFeed";
import styles from "./LiveIndicator.module.css";

const WORDS: Record<LiveState, { label: string; title: string }> = {
  live: { label: "Live", title: "What you see is kept up to date." },
  connecting: { label: "Connecting", title: "Updates come again once the connection is back." },
  off: { label: "Not live", title: "Load the page again to see what is new." },
};

/** Says whether what is on the screen is kept up to date, and keeps it so. */
export function LiveIndicator({ tenant }: { tenant: string | undefined }): ReactNode {
  const state = useLive(tenant);
  const { label, title } = WORDS[state];
  return (
    <span className={styles.indicator} data-state={state} title={title}>
      <span className={styles.dot} aria-hidden />
      {label}
    </span>
  );
}
