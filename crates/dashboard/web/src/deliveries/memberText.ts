const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/**
 * The text of an object's member, or nothing if there is none. Parsing would change numbers that have more
 * digits than JavaScript's can hold.
 */
export function memberText(object: string, name: string): string | undefined {
  const wanted = JSON.stringify(name);
  let depth = 0;
  let key: string | undefined;
  let begin: number | undefined;
  for (const match of object.matchAll(TOKEN)) {
    const [token] = match;
    if (depth === 1 && begin !== undefined && (token === "," || token === "}"))
      return object.slice(begin, match.index).trim();
    if (token === "{" || token === "[") depth += 1;
    else if (token === "}" || token === "]") depth -= 1;
    else if (depth === 1 && token === ":" && key === wanted) begin = match.index + 1;
    if (depth === 1) key = token;
  }
  return undefined;
}
