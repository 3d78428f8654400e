import type { components } from "../api/schema";

type Schemas = components["schemas"];

export type Profile = Schemas["Profile"];
export type Webhook = Schemas["Webhook"];
export type NewWebhook = Schemas["NewWebhook"];
export type WebhookPatch = Schemas["WebhookPatch"];
export type Signing = Schemas["Signing"];
export type Auth = Schemas["Auth"];
export type AuthType = Schemas["AuthType"];
export type EventType = Schemas["EventType"];
export type NewReplay = Schemas["NewReplay"];
export type Replay = Schemas["Replay"];
export type Sent = Schemas["Sent"];
