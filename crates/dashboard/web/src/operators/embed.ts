/** The element that shows a portal inside somebody's own page. */
export function embedSnippet(url: string, title: string): string {
  return [
    "<iframe",
    `  src="${attribute(url)}"`,
    `  title="${attribute(title)}"`,
    '  allow="clipboard-write"',
    '  style="width: 100%; height: 720px; border: 0"',
    "></iframe>",
  ].join("\n");
}

/** `text` as the value of an attribute in double quotes. */
function attribute(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}
