import assert from "node:assert/strict";

import { BASE_URL, OPERATOR_KEY, told } from "../browser/environment.mjs";
import { journey } from "../browser/journey.mjs";
import { openSignedIn } from "../browser/session.mjs";

const TENANT = told("TENANT");

/** All that the document may do; the nonce is another one in each answer. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'nonce-NONCE'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

journey("the document comes with a strict policy", async () => {
  const nonces = new Set();
  for (const path of [
    "/dashboard/",
    `/dashboard/t/${TENANT}/webhooks`,
    "/dashboard/nothing/here",
    "/portal/sign-in",
  ]) {
    const answer = await fetch(`${BASE_URL}${path}`);
    assert.equal(answer.status, 200, path);
    const policy = answer.headers.get("content-security-policy") ?? "";
    const [nonce] = /(?<='nonce-)[^']+/.exec(policy) ?? [];
    assert.equal(policy.replace(String(nonce), "NONCE"), POLICY, path);
    nonces.add(nonce);
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff", path);
    assert.match(answer.headers.get("referrer-policy") ?? "", /^(no-referrer|same-origin)$/, path);
    const text = await answer.text();
    assert.ok(
      !/<script(?![^>]*(src=|type="application\/json"))/.test(text),
      `${path} has inline script:\n${text}`,
    );
    assert.ok(!/\s(style|on[a-z]+)="/.test(text), `${path} has inline style or handlers:\n${text}`);
  }
  assert.equal(nonces.size, 4, "a nonce is used once");
});

journey("the policy is in force", async ({ page, watch }) => {
  await openSignedIn(page, "/overview");
  await page.getByRole("heading", { name: "Overview", exact: true }).waitFor();
  const stopped = await page.evaluate(async () => {
    const found = [];
    document.addEventListener("securitypolicyviolation", (event) => found.push(event.effectiveDirective));
    const script = document.createElement("script");
    script.textContent = "window.ranInline = true";
    document.head.append(script);
    const image = new Image();
    image.src = "http://127.0.0.1:9/elsewhere.png";
    const reached = await fetch("http://127.0.0.1:9/").then(
      () => true,
      () => false,
    );
    while (found.length < 3) await new Promise((resolve) => requestAnimationFrame(resolve));
    return { found, reached, ranInline: window.ranInline === true };
  });
  assert.deepEqual(stopped.found.sort(), ["connect-src", "img-src", "script-src-elem"]);
  assert.ok(!stopped.reached && !stopped.ranInline);
  watch.forget();
});

journey("a session alone changes nothing", async ({ page, context }) => {
  await openSignedIn(page, "/overview");
  const [session] = await context.cookies();
  const cookie = `${session.name}=${session.value}`;
  const own = { cookie, "fanfare-session": "dashboard", "fanfare-tenant": TENANT };
  const { origin } = new URL(BASE_URL);

  assert.equal(await change({ ...own, origin, "sec-fetch-site": "same-origin" }), 201);
  // Without the header the cookie counts for nothing, and nobody is signed in.
  assert.equal(await change({ cookie, "fanfare-tenant": TENANT, origin }), 401);
  assert.equal(await change({ ...own, origin: "https://attacker.example" }), 403);
  assert.equal(await change({ ...own, origin: "null" }), 403);
  assert.equal(await change({ ...own, "sec-fetch-site": "cross-site" }), 403);
  assert.equal(await change({ ...own, "sec-fetch-site": "same-site" }), 403);
  assert.equal(
    await change({ ...own, "fanfare-session": "portal" }),
    401,
    "a portal's cookie is another one",
  );

  // Browsers ask before they send the header from elsewhere, and are told nothing that lets them.
  const asked = await fetch(`${BASE_URL}/v1/webhooks`, {
    method: "OPTIONS",
    headers: { origin: "https://attacker.example", "access-control-request-method": "POST" },
  });
  assert.equal(asked.headers.get("access-control-allow-origin"), null);

  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("API key", { exact: true }).waitFor();
  assert.equal(
    await change({ ...own, origin, "sec-fetch-site": "same-origin" }),
    401,
    "the session has ended, not the cookie",
  );
});

journey("nobody else signs a browser in", async () => {
  const signIn = (/** @type {Record<string, string>} */ headers) =>
    fetch(`${BASE_URL}/v1/session`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ key: OPERATOR_KEY }),
    });
  const foreign = await signIn({ "fanfare-session": "dashboard", origin: "https://attacker.example" });
  assert.equal(foreign.status, 403);
  assert.equal(foreign.headers.get("set-cookie"), null);
  assert.equal((await signIn({})).status, 400);
  const own = await signIn({ "fanfare-session": "dashboard", origin: new URL(BASE_URL).origin });
  assert.equal(own.status, 201);
  assert.match(own.headers.get("set-cookie") ?? "", /; HttpOnly; SameSite=Strict/);
});

/**
 * Tries to make a webhook with these headers; gives the answer's status.
 *
 * @param {Record<string, string>} headers
 */
async function change(headers) {
  const body = JSON.stringify({ url: "http://127.0.0.1:9/hook", events: ["*"] });
  const answer = await fetch(`${BASE_URL}/v1/webhooks`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
  await answer.text();
  return answer.status;
}
