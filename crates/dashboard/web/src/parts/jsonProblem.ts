/** Where text stops being JSON, in words; `null` if it is JSON. */
export function jsonProblem(text: string): string | null {
  try {
    JSON.parse(text);
    return null;
  } catch {
    // Browsers do not agree on whether they tell the place.
    const before = text.slice(0, stopsAt(text)).split("\n");
    return `This is not JSON: look at line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}.`;
  }
}

type Expected = "value" | "value or end" | "key" | "key or end" | "colon" | "comma or end" | "nothing";

const SPACE = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\\u0000-\u001F]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const PLAIN = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;

/** The position of the first character that cannot stand where it stands; the end if the text just ends. */
function stopsAt(text: string): number {
  const open: ("{" | "[")[] = [];
  let expected: Expected = "value";
  let at = 0;

  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.test(text);
    if (found) at = pattern.lastIndex;
    return found;
  };
  const afterValue = (): Expected => (open.length === 0 ? "nothing" : "comma or end");

  for (;;) {
    skip(SPACE);
    const next = text[at];
    if (next === undefined || expected === "nothing") return at;
    if (ends(next, expected, open.at(-1))) {
      open.pop();
      at += 1;
      expected = afterValue();
    } else if (expected === "value" || expected === "value or end") {
      if (next === "{" || next === "[") {
        open.push(next);
        at += 1;
        expected = next === "{" ? "key or end" : "value or end";
      } else if (skip(STRING) || skip(PLAIN)) expected = afterValue();
      else return at;
    } else if (expected === "key" || expected === "key or end") {
      if (!skip(STRING)) return at;
      expected = "colon";
    } else {
      if (next !== (expected === "colon" ? ":" : ",")) return at;
      at += 1;
      expected = expected === "comma or end" && open.at(-1) === "{" ? "key" : "value";
    }
  }
}

function ends(next: string, expected: Expected, innermost: "{" | "[" | undefined): boolean {
  return (
    expected.endsWith("or end") &&
    ((next === "}" && innermost === "{") || (next === "]" && innermost === "["))
  );
}
