import { expect, it } from "vitest";
import { embedSnippet } from "./embed";

it("keeps a title with quotes and ampersands inside its attribute", () => {
  const url = "https://hooks.example.com/portal/sign-in?a=1&b=2#link=abc";
  const snippet = embedSnippet(url, 'Webhooks of "A & B" <Ltd>');
  expect(snippet).toContain('src="https://hooks.example.com/portal/sign-in?a=1&amp;b=2#link=abc"');
  expect(snippet).toContain('title="Webhooks of &quot;A &amp; B&quot; &lt;Ltd>"');
});
