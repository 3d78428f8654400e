/** The tenant in which Fanfare tells operators what happens: always there, and never changed. */
const RESERVED = "fanfare";

export function isReserved(tenant: string): boolean {
  return tenant === RESERVED;
}
