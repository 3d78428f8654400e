/** REST, for what a journey does beside the browser. */

import { BASE_URL, OPERATOR_KEY } from "./environment.mjs";

const LOOK_EVERY_MS = 50;
const PATIENCE_MS = 20_000;

/** Calls with the operator's key, for one tenant or none. */
export class Rest {
  #tenant;

  constructor(/** @type {string | undefined} */ tenant = undefined) {
    this.#tenant = tenant;
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} body
   * @returns {Promise<any>} the answer's body
   */
  async call(method, path, body = undefined) {
    const headers = { Authorization: `Bearer ${OPERATOR_KEY}`, "Content-Type": "application/json" };
    if (this.#tenant) headers["Fanfare-Tenant"] = this.#tenant;
    const answer = await fetch(`${BASE_URL}${path}`, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} was answered with ${answer.status}: ${text}`);
    return text ? JSON.parse(text) : null;
  }

  get(/** @type {string} */ path) {
    return this.call("GET", path);
  }

  post(/** @type {string} */ path, /** @type {unknown} */ body) {
    return this.call("POST", path, body);
  }

  /**
   * Publishes an event; gives its id.
   *
   * @param {string} type
   * @param {unknown} data
   * @param {{id?: string, subject?: string}} more
   * @returns {Promise<string>}
   */
  async publish(type, data, more = {}) {
    return (await this.post("/v1/events", { type, data, ...more })).id;
  }
}

/**
 * Asks `look` until it finds something, for those who tell nobody when they change.
 *
 * @template T
 * @param {string} what
 * @param {() => Promise<T | undefined | null | false>} look
 * @returns {Promise<T>}
 */
export async function eventually(what, look) {
  const began = performance.now();
  for (;;) {
    const found = await look();
    if (found) return found;
    if (performance.now() - began > PATIENCE_MS) throw new Error(`not within ${PATIENCE_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
