/** The packages of these tests. `import` does not look where NODE_PATH points to; `require` does. */

import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

export const { chromium } = require("playwright-core");
export const axe = require("axe-core");
