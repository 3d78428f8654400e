import { filled, type Values } from "./form/values";
import { singleTypes, takenBy } from "./patterns";
import type { SampleInput } from "./queries";
import type { EventType } from "./types";

/** Stands in where nothing is subscribed to yet. */
export const SOME_TYPE = "order.paid";

/**
 * The type that samples and tests show: the first that is subscribed to by name, else one that a pattern
 * takes.
 */
export function sampleType(events: string[], catalogue: EventType[]): string {
  const taken = catalogue.find((type) => takenBy(events, type.name, catalogue))?.name;
  return singleTypes(events)[0] ?? taken ?? SOME_TYPE;
}

/** A described type's example, by any of its names. */
export function exampleOf(type: string, catalogue: EventType[]): unknown {
  return catalogue.find(({ name, aliases }) => name === type || aliases.includes(type))?.example;
}

/** What a sample of a webhook under these settings shows. Headers that cannot be sent yet are left out. */
export function sampleInput(values: Values, catalogue: EventType[]): SampleInput {
  const type = sampleType(values.events, catalogue);
  const data = exampleOf(type, catalogue);
  const headers = filled(values.headers).filter(({ name, value }) => name.trim() !== "" && value !== "");
  return {
    type,
    ...(data === undefined ? {} : { data }),
    ...(headers.length > 0
      ? { headers: Object.fromEntries(headers.map((pair) => [pair.name.trim(), pair.value])) }
      : {}),
  };
}
