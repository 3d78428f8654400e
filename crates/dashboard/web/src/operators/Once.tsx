import { Alert, Code } from "@mantine/core";
import type { TablerIcon } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useFocusWhenShown } from "../parts/focus";
import classes from "./Once.module.css";

interface Props {
  icon: TablerIcon;
  title: string;
  /** What whoever copies it should know. */
  children: ReactNode;
  text: string;
}

/** Something to copy that is shown only once, and says so to those who hear the page too. */
export function Once({ icon: Icon, title, children, text }: Props) {
  const alert = useFocusWhenShown<HTMLDivElement>();
  return (
    <>
      <Alert
        ref={alert}
        tabIndex={-1}
        icon={<Icon aria-hidden />}
        color="orange"
        title={title}
        role="status"
      >
        {children}
      </Alert>
      <Code block dir="ltr" className={classes.text}>
        {text}
      </Code>
    </>
  );
}
