/**
 * The cursors of the pages that one came through; `null` is the first page. Kept beside the address, in the
 * history.
 */
interface Trail {
  trail: (string | null)[];
}

function trailOf(state: unknown): (string | null)[] {
  if (typeof state !== "object" || state === null || !("trail" in state) || !Array.isArray(state.trail))
    return [];
  return state.trail.filter(
    (cursor): cursor is string | null => cursor === null || typeof cursor === "string",
  );
}

/** The same view at another page. */
export function linkTo(search: string, cursor: string | null): { search: string } {
  const query = new URLSearchParams(search);
  if (cursor === null) query.delete("cursor");
  else query.set("cursor", cursor);
  return { search: query.toString() };
}

export function olderTrail(state: unknown, current: string | null): Trail {
  return { trail: [...trailOf(state), current] };
}

/** Where “newer” leads. Who came by a link knows no page before this one but the newest. */
export function newerCursor(state: unknown): { cursor: string | null; state: Trail; known: boolean } {
  const trail = trailOf(state);
  return { cursor: trail.at(-1) ?? null, state: { trail: trail.slice(0, -1) }, known: trail.length > 0 };
}
