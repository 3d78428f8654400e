import { Code } from "@mantine/core";
import classes from "./Once.module.css";

/** Something to copy that is shown only once. */
export function Once({ text }: { text: string }) {
  return (
    <Code block dir="ltr" className={classes.text}>
      {text}
    </Code>
  );
}
