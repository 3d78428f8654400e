import { execFileSync } from "node:child_process";
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { transformWithOxc } from "vite";
import { describe, expect, it } from "vitest";
import type { Profile } from "../types";
import { LANGUAGES } from "./languages";
import { python } from "./python";
import { type Rule, ruleOf, waysToVerify } from "./rule";
import { typescript } from "./typescript";

const STANDARD: Rule = {
  scheme: "standard",
  key: "whsec",
  by: "secret",
  headers: { id: "webhook-id", timestamp: "webhook-timestamp", signature: "webhook-signature" },
};
const HEX: Rule = {
  ...STANDARD,
  scheme: "sha256_hex",
  key: "text",
  headers: { ...STANDARD.headers, signature: "x-qr3-signature" },
};
const BY_KEY: Rule = { ...STANDARD, by: "public_key" };

interface Request {
  key: string;
  headers: Record<string, string>;
  body: string;
  /** Unix seconds on the receiver's clock. */
  now: number;
}

/** Runs the TypeScript code in a Node process of its own. */
async function inNode(rule: Rule, { key, headers, body, now }: Request): Promise<boolean> {
  const { code } = await transformWithOxc(typescript(rule), "verify.ts");
  const call = `
    Date.now = () => ${now} * 1000;
    const [key, headers, body] = ${JSON.stringify([key, headers, body])};
    process.stdout.write(String(isGenuine(key, headers, Buffer.from(body))));`;
  return (
    execFileSync(process.execPath, ["--input-type=module", "-e", code + call], { encoding: "utf8" }) ===
    "true"
  );
}

/** Runs the Python code in a Python process of its own. */
function inPython(rule: Rule, { key, headers, body, now }: Request): boolean {
  const call = `
import json, sys, time
time.time = lambda: ${now}
key, headers, body = json.loads(sys.argv[1])
print(is_genuine(key, headers, body.encode()), end="")
`;
  const input = JSON.stringify([key, headers, body]);
  return execFileSync("python3", ["-c", python(rule) + call, input], { encoding: "utf8" }) === "True";
}

const RUNNERS = [
  ["TypeScript", inNode],
  ["Python", (rule: Rule, request: Request) => Promise.resolve(inPython(rule, request))],
] as const;

describe.each(RUNNERS)("%s for the scheme standard", (_, accepts) => {
  // The vector that Standard Webhooks publishes.
  const vector: Request = {
    key: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    headers: {
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    },
    body: '{"test": 2432232314}',
    now: 1614265330,
  };
  const signed = (signature: string): Request => ({
    ...vector,
    headers: { ...vector.headers, "webhook-signature": signature },
  });

  it("takes what is genuine", async () => {
    expect(await accepts(STANDARD, vector)).toBe(true);
  });

  it("takes one of several signatures", async () => {
    expect(await accepts(STANDARD, signed(`v1,AAAA v1a,BBBB ${vector.headers["webhook-signature"]}`))).toBe(
      true,
    );
  });

  it("refuses another body, secret or signature", async () => {
    expect(await accepts(STANDARD, { ...vector, body: '{"test": 2432232315}' })).toBe(false);
    expect(await accepts(STANDARD, { ...vector, key: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD" })).toBe(false);
    expect(await accepts(STANDARD, signed(""))).toBe(false);
    expect(await accepts(STANDARD, signed("v1,"))).toBe(false);
    expect(await accepts(STANDARD, { ...vector, headers: {} })).toBe(false);
  });

  it("refuses what is more than five minutes off, or has no time", async () => {
    expect(await accepts(STANDARD, { ...vector, now: vector.now + 299 })).toBe(true);
    expect(await accepts(STANDARD, { ...vector, now: vector.now + 302 })).toBe(false);
    expect(await accepts(STANDARD, { ...vector, now: vector.now - 302 })).toBe(false);
    const timeless = { ...vector.headers, "webhook-timestamp": "soon" };
    expect(await accepts(STANDARD, { ...vector, headers: timeless })).toBe(false);
  });

  it("takes secrets whose base64 is not padded, and bodies beyond ASCII", async () => {
    const key = Buffer.from("a key of five and twenty!");
    const body = '{"name":"Zoë 🎺"}';
    const hmac = createHmac("sha256", key).update(`evt_1.1614265330.${body}`).digest("base64");
    const headers = { ...vector.headers, "webhook-id": "evt_1", "webhook-signature": `v1,${hmac}` };
    const unpadded = `whsec_${key.toString("base64").replace(/=+$/, "")}`;
    expect(await accepts(STANDARD, { ...vector, key: unpadded, headers, body })).toBe(true);
  });
});

describe.each(RUNNERS)("%s for the scheme sha256_hex", (_, accepts) => {
  // Made with Python's hmac; see the contract of QR3.
  const body =
    '{"id":"evt_abc123xyz","type":"qr.scanned","created":"2026-03-15T10:00:00.000Z",' +
    '"data":{"code_id":"qr_abc123","country":"AT"}}';
  const vector: Request = {
    key: "my-secret-key-min-16-chars",
    headers: { "x-qr3-signature": "sha256=0879f6bd20844cf6116294e2ed02a8f98d8b60e14567c3f94e5844a538d04fbb" },
    body,
    now: 0,
  };

  it("takes what is genuine and nothing else", async () => {
    expect(await accepts(HEX, vector)).toBe(true);
    expect(await accepts(HEX, { ...vector, body: `${body} ` })).toBe(false);
    expect(await accepts(HEX, { ...vector, headers: {} })).toBe(false);
  });

  it("takes a key in base64", async () => {
    const key = Buffer.alloc(32, 7);
    const headers = { "x-qr3-signature": `sha256=${createHmac("sha256", key).update(body).digest("hex")}` };
    const given = { ...vector, key: `whsec_${key.toString("base64")}`, headers };
    expect(await accepts({ ...HEX, key: "whsec" }, given)).toBe(true);
  });
});

it("verifies by public key in Node", async () => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url");
  const signature = sign(null, Buffer.from("evt_1.1614265330.{}"), privateKey).toString("base64");
  const headers = {
    "webhook-id": "evt_1",
    "webhook-timestamp": "1614265330",
    "webhook-signature": `v1,AAAA v1a,${signature}`,
  };
  const request = { key: `whpk_${raw.toString("base64")}`, headers, body: "{}", now: 1614265330 };
  expect(await inNode(BY_KEY, request)).toBe(true);
  expect(await inNode(BY_KEY, { ...request, body: "[]" })).toBe(false);
});

describe.each(LANGUAGES)("$name", ({ code }) => {
  it.each([STANDARD, HEX, BY_KEY, { ...HEX, key: "whsec" as const }])("names what is signed (%#)", (rule) => {
    const text = code(rule);
    expect(text).toContain(rule.headers.signature);
    if (rule.scheme === "standard") expect(text).toContain(rule.headers.timestamp);
    expect(text).not.toMatch(/["']undefined["']|\[object/);
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(120);
  });
});

describe("the rule of a webhook", () => {
  const profile = {
    signature: { scheme: "standard", header: null, holds: "one", ed25519: false },
    secret: { key: "whsec", origin: "made", least_length: 1 },
  } as Profile;

  it("has the headers that the profile names", () => {
    const names = { id_header: "Svix-Id", timestamp_header: "Svix-Timestamp", header: "Svix-Signature" };
    const named = { ...profile, signature: { ...profile.signature, ...names } };
    const expected = { id: "svix-id", timestamp: "svix-timestamp", signature: "svix-signature" };
    expect(ruleOf(named, "secret")).toEqual({ ...STANDARD, headers: expected });
  });

  it("has those of Standard Webhooks where it names none", () => {
    expect(ruleOf(profile, "secret")).toEqual(STANDARD);
  });

  it("prefers the shared secret where there is one", () => {
    expect(waysToVerify("both")).toEqual(["secret", "public_key"]);
    expect(waysToVerify("ed25519")).toEqual(["public_key"]);
    expect(waysToVerify(null)).toEqual(["secret"]);
  });
});
