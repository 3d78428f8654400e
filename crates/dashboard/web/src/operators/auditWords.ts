import { administerPath, eventTypePath, webhookPath } from "../app/paths";
import type { AuditLine } from "./queries";

const THINGS: Record<string, string> = {
  webhook: "Webhook",
  tenant: "Tenant",
  api_key: "API key",
  event_type: "Event type",
  portal_link: "Portal link",
  portal: "Portal",
  session: "Session",
};

const VERBS: Record<string, string> = {
  create: "made",
  update: "changed",
  delete: "deleted",
  disable: "switched off",
  rotate: "secret rotated",
  end: "ended",
};

/** `webhook.update` as people say it; a word that is not known here stands as it is. */
export function actionWords(action: string): string {
  const [thing = "", ...rest] = action.split(".");
  const verb = rest.join(".");
  return `${THINGS[thing] ?? thing} ${VERBS[verb] ?? verb.replaceAll("_", " ")}`.trim();
}

/** Who it was: an API key's id stands for itself. */
export function actorWords(actor: string): string {
  if (actor === "operator") return "Operator";
  return actor === "fanfare" ? "Fanfare itself" : actor;
}

/** Where what was changed can be looked at, if it is still there. */
export function targetPath(line: AuditLine): string | undefined {
  const [thing, verb] = line.action.split(".");
  if (verb === "delete") return undefined;
  if (thing === "tenant") return administerPath(line.target);
  if (thing === "api_key") return "/api-keys";
  if (!line.tenant) return undefined;
  if (thing === "webhook") return webhookPath(line.tenant, line.target);
  return thing === "event_type" ? eventTypePath(line.tenant, line.target) : undefined;
}
