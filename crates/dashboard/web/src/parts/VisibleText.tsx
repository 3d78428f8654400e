import { memo } from "react";
import { segments } from "./visible";
import styles from "./VisibleText.module.css";

/** Somebody else's text: shown as text alone, with unseen characters by their codes. */
export const VisibleText = memo(function VisibleText({ text }: { text: string }) {
  let at = 0;
  return segments(text).map((segment) => {
    const key = at;
    at += "text" in segment ? segment.text.length : 1;
    if ("text" in segment) return segment.text;
    return (
      <span key={key} className={styles.code} title={segment.name}>
        {segment.code}
      </span>
    );
  });
});
