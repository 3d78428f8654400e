import { IconLock } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Empty } from "./Empty";

/** For what the server or the session refuses. */
export function Forbidden({ text }: { text?: ReactNode }) {
  return (
    <Empty
      icon={<IconLock />}
      title="You may not see this"
      text={text ?? "Your key or link does not allow it. Ask your operator for one that does."}
    />
  );
}
