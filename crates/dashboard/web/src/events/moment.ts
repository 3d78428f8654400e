/** A time in the form that `<input type="datetime-local">` takes: the reader's own clock, to the minute. */
export function toLocalInput(time: string | undefined): string {
  const at = time === undefined ? NaN : Date.parse(time);
  if (Number.isNaN(at)) return "";
  // The input knows no zones, so the zone's offset is taken out before the text is made.
  return new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The time that such an input means, as the API takes it; nothing for an empty or unfinished one. */
export function fromLocalInput(text: string): string | undefined {
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}
