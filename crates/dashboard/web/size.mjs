// Fails if the first view is heavier than it may be: all JavaScript and CSS that the document and the
// overview load, compressed as it is served. Run it after `npm run build`.
import { readFileSync, statSync } from "node:fs";

const BUDGET_BYTES = 300 * 1024;
const FIRST_VIEW = ["index.html", "src/overview/Overview.tsx"];

const manifest = JSON.parse(readFileSync("dist/.vite/manifest.json", "utf8"));

/** The files of a chunk and of all that it imports at once. */
function filesOf(name, found = new Set(), seen = new Set()) {
  if (seen.has(name)) return found;
  seen.add(name);
  const chunk = manifest[name];
  if (chunk === undefined) throw new Error(`the manifest has no ${name}: was it renamed?`);
  found.add(chunk.file);
  for (const style of chunk.css ?? []) found.add(style);
  for (const imported of chunk.imports ?? []) filesOf(imported, found, seen);
  return found;
}

/** As it goes over the wire: small files are served as they are. */
function sizeOf(file) {
  const path = `dist/${file}`;
  return statSync(`${path}.br`, { throwIfNoEntry: false })?.size ?? statSync(path).size;
}

const files = new Set(FIRST_VIEW.flatMap((name) => [...filesOf(name)]));
let total = 0;
for (const file of files) {
  const size = sizeOf(file);
  total += size;
  console.log(`${kib(size).padStart(10)}  ${file}`);
}
console.log(`${kib(total).padStart(10)}  the first view, of at most ${kib(BUDGET_BYTES)}`);
if (total > BUDGET_BYTES) {
  console.error("The first view is too heavy: what it does not need belongs into lazy routes.");
  process.exitCode = 1;
}

function kib(bytes) {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
