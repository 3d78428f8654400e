/** Whether a webhook's pattern takes a type: `*` takes all, `a.*` what has one or more segments after `a`. */
export function takes(pattern: string, type: string): boolean {
  if (pattern === "*" || pattern === type) return true;
  return pattern.endsWith(".*") && type.startsWith(pattern.slice(0, -1));
}

/** All names of a type: an alias and the type that has it stand for each other. */
export function namesOf(type: string, catalogue: { name: string; aliases: string[] }[]): string[] {
  const names = new Set([type]);
  for (const entry of catalogue) {
    if (entry.name === type || entry.aliases.includes(type)) {
      for (const name of [entry.name, ...entry.aliases]) names.add(name);
    }
  }
  return [...names];
}
