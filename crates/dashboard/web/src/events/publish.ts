/** What it takes to publish a first event from a shell. */
export interface Publishing {
  origin: string;
  /** The tenant that the key does not name by itself, as an operator's. */
  tenant: string | undefined;
  type: string;
  data: unknown;
}

/** `text` as one word of a POSIX shell, whatever it holds. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A command that publishes one event. The key is left to a variable, so that none is ever shown. */
export function publishCommand({ origin, tenant, type, data }: Publishing): string {
  const lines = [`curl ${shellWord(`${origin}/v1/events`)}`, `-H "Authorization: Bearer $KEY"`];
  if (tenant !== undefined) lines.push(`-H ${shellWord(`Fanfare-Tenant: ${tenant}`)}`);
  lines.push(`-H 'Content-Type: application/json'`, `-d ${shellWord(JSON.stringify({ type, data }))}`);
  return lines.join(" \\\n  ");
}
