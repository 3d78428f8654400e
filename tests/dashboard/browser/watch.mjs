/** Looks on while somebody uses the dashboard, and notes what must never happen. */

import { BASE_URL } from "./environment.mjs";

/** Before anybody has signed in, the application asks who it is, and learns that it is nobody. */
const USUAL = [{ status: 401, path: /^\/v1\/session$/ }];

/** Chromium writes these for every answer of 400 or above; {@link Watch} judges the answers themselves. */
const TOLD_TWICE = /^Failed to load resource: the server responded with a status of/;

/** @type {WeakMap<import("playwright-core").BrowserContext, Watch>} */
const watches = new WeakMap();

/**
 * Who looks on at this page.
 *
 * @param {import("playwright-core").Page} page
 * @returns {Watch}
 */
export function watchOf(page) {
  const watch = watches.get(page.context());
  if (!watch) throw new Error("nobody looks on at this page");
  return watch;
}

export class Watch {
  /** @type {Set<string>} */
  #offences = new Set();
  /** @type {{status: number, path: RegExp}[]} */
  #expected = [...USUAL];
  #origins = new Set([new URL(BASE_URL).origin]);

  /**
   * @param {import("playwright-core").BrowserContext} context
   * @returns {Promise<void>}
   */
  async follow(context) {
    watches.set(context, this);
    await context.addInitScript(tellViolations);
    context.on("console", (message) => {
      if (message.type() !== "error" || TOLD_TWICE.test(message.text())) return;
      this.note(`console: ${message.text()} (${message.location().url})`);
    });
    context.on("weberror", (found) => this.note(`uncaught: ${found.error().stack ?? found.error()}`));
    context.on("dialog", (dialog) => {
      this.note(`dialog: ${dialog.type()} ${dialog.message()}`);
      void dialog.dismiss();
    });
    context.on("request", (request) => this.#requested(request));
    context.on("requestfailed", (request) => {
      const reason = request.failure()?.errorText ?? "unknown";
      // What was under way when the page was left.
      if (reason !== "net::ERR_ABORTED") this.note(`request failed: ${request.url()}: ${reason}`);
    });
    context.on("response", (response) => this.#answered(response));
  }

  /** Says that answers of `status` at `path` belong to this journey. */
  expect(/** @type {number} */ status, /** @type {RegExp} */ path) {
    this.#expected.push({ status, path });
  }

  /** Says that pages of `origin` belong to this journey. */
  allow(/** @type {string} */ origin) {
    this.#origins.add(origin);
  }

  note(/** @type {string} */ offence) {
    this.#offences.add(offence);
  }

  /** What was noted so far. */
  offences() {
    return [...this.#offences];
  }

  /** Forgets what a journey has provoked. */
  forget() {
    this.#offences.clear();
  }

  /** Fails if there was anything; forgets it. */
  verify() {
    const offences = this.offences();
    this.forget();
    if (offences.length > 0) throw new Error(`what must not happen did:\n  ${offences.join("\n  ")}`);
  }

  /** @param {import("playwright-core").Request} request */
  #requested(request) {
    const url = new URL(request.url());
    const isRemote = url.protocol === "http:" || url.protocol === "https:" || url.protocol.startsWith("ws");
    if (isRemote && !this.#origins.has(url.origin))
      this.note(`a host that is not ours was asked: ${url.href}`);
  }

  /** @param {import("playwright-core").Response} response */
  #answered(response) {
    const [status, path] = [response.status(), new URL(response.url()).pathname];
    if (status < 400) return;
    const isExpected = this.#expected.some((found) => found.status === status && found.path.test(path));
    if (!isExpected) this.note(`${response.request().method()} ${path} was answered with ${status}`);
  }
}

/** Runs in each page before its own scripts. */
function tellViolations() {
  document.addEventListener("securitypolicyviolation", (event) => {
    const where = `${event.sourceFile}:${event.lineNumber}`;
    console.error(
      `content security policy: ${event.violatedDirective} stopped ${event.blockedURI} at ${where}`,
    );
  });
}
