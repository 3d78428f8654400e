import type { Rule } from "./rule";

/** Verifying code for Node, without packages. */
export function typescript(rule: Rule): string {
  if (rule.scheme === "sha256_hex") return ofBody(rule);
  return rule.by === "secret" ? standard(rule) : byPublicKey(rule);
}

const PURPOSE =
  "Whether this request is genuine. `body` is what came in, byte by byte: verify before you parse.";

function key(rule: Rule): string {
  return rule.key === "whsec" ? `Buffer.from(secret.replace(/^whsec_/, ""), "base64")` : "secret";
}

function standard(rule: Rule): string {
  const { id, timestamp, signature } = rule.headers;
  return `import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** ${PURPOSE} */
export function isGenuine(secret: string, headers: IncomingHttpHeaders, body: Buffer): boolean {
  const id = String(headers["${id}"] ?? "");
  const timestamp = String(headers["${timestamp}"] ?? "");
  // Signed more than five minutes ago: somebody may be sending an old request again.
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) <= 300)) return false;
  const key = ${key(rule)};
  const hmac = createHmac("sha256", key).update(\`\${id}.\${timestamp}.\`).update(body);
  const expected = Buffer.from(\`v1,\${hmac.digest("base64")}\`);
  // While a secret is being replaced there are two signatures. One that fits is enough.
  return String(headers["${signature}"] ?? "").split(" ").some((text) => {
    const given = Buffer.from(text);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}
`;
}

function ofBody(rule: Rule): string {
  return `import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** ${PURPOSE} */
export function isGenuine(secret: string, headers: IncomingHttpHeaders, body: Buffer): boolean {
  const key = ${key(rule)};
  const expected = Buffer.from(\`sha256=\${createHmac("sha256", key).update(body).digest("hex")}\`);
  const given = Buffer.from(String(headers["${rule.headers.signature}"] ?? ""));
  return given.length === expected.length && timingSafeEqual(given, expected);
}
`;
}

function byPublicKey(rule: Rule): string {
  const { id, timestamp, signature } = rule.headers;
  return `import { createPublicKey, verify } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** ${PURPOSE} */
export function isGenuine(publicKey: string, headers: IncomingHttpHeaders, body: Buffer): boolean {
  const id = String(headers["${id}"] ?? "");
  const timestamp = String(headers["${timestamp}"] ?? "");
  // Signed more than five minutes ago: somebody may be sending an old request again.
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) <= 300)) return false;
  const x = Buffer.from(publicKey.replace(/^whpk_/, ""), "base64").toString("base64url");
  const key = createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x } });
  const signed = Buffer.concat([Buffer.from(\`\${id}.\${timestamp}.\`), body]);
  return String(headers["${signature}"] ?? "").split(" ").some((text) =>
    text.startsWith("v1a,") && verify(null, signed, key, Buffer.from(text.slice(4), "base64")));
}
`;
}
