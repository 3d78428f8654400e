/** What the test that started this journey tells it. */

/**
 * @param {string} name
 * @returns {string}
 */
export function told(name) {
  const value = process.env[name];
  if (!value) throw new Error(`the test says nothing of ${name}`);
  return value;
}

/** Where the dashboard is, such as `http://127.0.0.1:8080`. */
export const BASE_URL = told("BASE_URL");
export const OPERATOR_KEY = told("OPERATOR_KEY");
/** Where screenshots go; none are kept without it. */
export const SCREENSHOTS = process.env.SCREENSHOTS;
