/**
 * A stretch of text as it is, or one character that is shown by its code since it would be unseen or do harm.
 */
export type Segment = { text: string } | { code: string; name: string };

// Control characters but tab and newline; what changes the direction of text; what is not seen; halves of
// pairs.
const HIDDEN = new RegExp(
  [
    "[\\u0000-\\u0008\\u000B-\\u001F\\u007F-\\u009F]",
    "[\\u061C\\u200E\\u200F\\u202A-\\u202E\\u2066-\\u2069]",
    "[\\u00AD\\u180E\\u200B\\u2028\\u2029\\u2060-\\u2065\\u206A-\\u206F\\uFEFF\\uFFF9-\\uFFFB]",
    "[\\u{E0000}-\\u{E007F}]",
    "\\p{Surrogate}",
  ].join("|"),
  "gu",
);

const NAMES: Record<number, string> = {
  0x00: "null",
  0x07: "bell",
  0x08: "backspace",
  0x0d: "carriage return",
  0x1b: "escape",
  0x7f: "delete",
  0xad: "soft hyphen",
  0x200b: "zero-width space",
  0x200e: "left-to-right mark",
  0x200f: "right-to-left mark",
  0x2028: "line separator",
  0x2029: "paragraph separator",
  0x202a: "left-to-right embedding",
  0x202b: "right-to-left embedding",
  0x202c: "end of direction change",
  0x202d: "left-to-right override",
  0x202e: "right-to-left override",
  0x2066: "left-to-right isolate",
  0x2067: "right-to-left isolate",
  0x2068: "first strong isolate",
  0x2069: "end of isolate",
  0xfeff: "byte order mark",
};

/** Text in pieces, so that whoever reads it sees every character, in the order in which it was sent. */
export function segments(text: string): Segment[] {
  const found: Segment[] = [];
  let from = 0;
  for (const match of text.matchAll(HIDDEN)) {
    // A carriage return before a newline is an ordinary line's end.
    if (match[0] === "\r" && text[match.index + 1] === "\n") continue;
    if (match.index > from) found.push({ text: text.slice(from, match.index) });
    found.push(shown(match[0]));
    from = match.index + match[0].length;
  }
  if (from < text.length) found.push({ text: text.slice(from) });
  return found;
}

/** The same as one string, for where only text can stand: `U+202E` in brackets. */
export function visibleText(text: string): string {
  return segments(text)
    .map((segment) => ("text" in segment ? segment.text : `⟨${segment.code}⟩`))
    .join("");
}

function shown(character: string): Segment {
  const point = character.codePointAt(0) ?? 0;
  const code = `U+${point.toString(16).toUpperCase().padStart(4, "0")}`;
  return {
    code,
    name:
      NAMES[point] ??
      (point < 0x20 || (point > 0x7e && point < 0xa0) ? "control character" : "unseen character"),
  };
}
