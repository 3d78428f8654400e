import { Buffer } from "node:buffer";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const TEXT = /\.(?:js|css|svg)$/;
/** Below this, headers weigh more than what is saved. */
const LEAST_BYTES = 1024;

/**
 * Writes each text asset compressed beside it, as strongly as possible: the server only hands out files. Not
 * the document, which the server fills in anew for every answer.
 */
function compressedCopies(): Plugin {
  return {
    name: "compressed-copies",
    apply: "build",
    async writeBundle({ dir = "dist" }, bundle) {
      const files = Object.values(bundle).filter(({ fileName }) => TEXT.test(fileName));
      await Promise.all(
        files.map(async (file) => {
          const text = Buffer.from(file.type === "chunk" ? file.code : file.source);
          if (text.length < LEAST_BYTES) return;
          const path = join(dir, file.fileName);
          await writeFile(`${path}.br`, await brotli(text));
          await writeFile(`${path}.gz`, await promisify(gzip)(text, { level: 9 }));
        }),
      );
    },
  };
}

function brotli(text: Buffer): Promise<Buffer> {
  return promisify(brotliCompress)(text, {
    params: {
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: text.length,
    },
  });
}

export default defineConfig({
  base: "/dashboard/",
  plugins: [react(), compressedCopies()],
  build: {
    // What `npm run size` reads.
    manifest: true,
    modulePreload: { polyfill: false },
  },
  server: {
    // For work on the dashboard: REST comes from a Fanfare that runs beside.
    proxy: { "/v1": { target: process.env.FANFARE_URL ?? "http://127.0.0.1:8080", changeOrigin: true } },
  },
  test: {
    include: ["src/**/*.test.ts"],
    environment: "node",
  },
});
