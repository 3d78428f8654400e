const INDENT = "  ";

/**
 * The same JSON with line breaks and indentation, or `null` if it is not JSON. Numbers and strings stay
 * exactly as they were sent, which parsing and printing would not ensure: 1.0 and 12345678901234567890 would
 * change.
 */
export function indentJson(text: string): string | null {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/gs) ?? [];
  let depth = 0;
  let out = "";
  const newLine = () => `\n${INDENT.repeat(depth)}`;
  tokens.forEach((token, at) => {
    const next = tokens[at + 1];
    if (token === "{" || token === "[") {
      const empty = next === "}" || next === "]";
      depth += 1;
      out += empty ? token : token + newLine();
    } else if (token === "}" || token === "]") {
      const before = tokens[at - 1];
      depth -= 1;
      out += before === "{" || before === "[" ? token : newLine() + token;
    } else if (token === ",") out += token + newLine();
    else if (token === ":") out += ": ";
    else out += token;
  });
  return out;
}
