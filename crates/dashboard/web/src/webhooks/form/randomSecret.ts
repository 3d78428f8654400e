import type { Profile } from "../types";

const BYTES = 32;

/** A secret of the form that a profile's keys have, as the server would make it. */
export function randomSecret(key: Profile["secret"]["key"]): string {
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES));
  if (key === "whsec") return `whsec_${btoa(String.fromCharCode(...bytes))}`;
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
