import { useAccess } from "../session/session";

/** Whether who is signed in may describe types. In a portal they are shown only: they are the operator's. */
export function useMayDescribe(): boolean {
  const { manage, portal } = useAccess();
  return manage && !portal;
}
