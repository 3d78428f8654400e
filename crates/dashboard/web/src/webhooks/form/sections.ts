import { spanWords } from "../schedule";
import type { Profile } from "../types";
import { type Values, filled } from "./values";

/** Parts of the form that are folded away until somebody wants them. */
export type SectionId = "signature" | "retry" | "auth" | "headers" | "limits" | "disable" | "about";

const SECTION_OF: Partial<Record<keyof Values, SectionId>> = {
  profile: "signature",
  secret: "signature",
  signing: "signature",
  retry: "retry",
  auth: "auth",
  headers: "headers",
  timeout: "limits",
  rate_limit: "limits",
  max_in_flight: "limits",
  disable: "disable",
  description: "about",
  metadata: "about",
};

/** The sections that hold the fields at these paths. */
export function sectionsOf(paths: string[]): SectionId[] {
  const found = paths.map((path) => SECTION_OF[path.split(".")[0] as keyof Values]);
  return [...new Set(found.filter((section) => section !== undefined))];
}

/** The sections without which no webhook can be made under a profile. */
export function neededSections(profile: Profile | undefined): SectionId[] {
  const needed: SectionId[] = [];
  if (profile?.secret.origin === "given") needed.push("signature");
  if (profile?.auth === "oauth2_client_credentials") needed.push("auth");
  return needed;
}

const AUTH_WORDS = {
  none: "none",
  basic: "Basic",
  bearer: "bearer token",
  oauth2_client_credentials: "OAuth 2.0",
};

/** What a folded section says of itself. */
export function summaryOf(section: SectionId, values: Values, profile: Profile | undefined): string {
  switch (section) {
    case "signature":
      return [
        profile?.name ?? "default",
        profile?.signature.ed25519 && values.signing !== "hmac" && values.signing,
      ]
        .filter((word) => typeof word === "string")
        .join(", ");
    case "retry": {
      const schedule = values.retry.own ? values.retry : profile?.retry;
      return schedule ? spanWords(schedule.delays) : "as the profile has it";
    }
    case "auth":
      return AUTH_WORDS[values.auth.type];
    case "headers":
      return countWords(filled(values.headers).length, "header");
    case "limits":
      return limitWords(values, profile);
    case "disable":
      return values.disable.own ? "a rule of its own" : "as the profile has it";
    case "about":
      return values.description.trim() || countWords(filled(values.metadata).length, "note");
  }
}

function countWords(count: number, name: string): string {
  if (count === 0) return "none";
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}

function limitWords(values: Values, profile: Profile | undefined): string {
  const timeout = values.timeout.trim() || profile?.timeout;
  const words = [
    timeout && `answers within ${timeout}`,
    values.rate_limit.per_second !== "" && `${values.rate_limit.per_second} per second`,
    values.max_in_flight !== "" && `${values.max_in_flight} at once`,
  ];
  return (
    words.filter((word) => typeof word === "string" && word !== "").join(", ") || "as the profile has it"
  );
}
