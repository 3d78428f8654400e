import { describe, expect, it } from "vitest";
import { publishCommand, shellWord } from "./publish";

describe("a shell's word", () => {
  it("keeps quotes, dollars and line ends from the shell", () => {
    expect(shellWord("plain")).toBe("'plain'");
    expect(shellWord("it's $HOME `x` \\ \n")).toBe("'it'\\''s $HOME `x` \\ \n'");
    expect(shellWord("'")).toBe("''\\'''");
  });
});

describe("the command that publishes", () => {
  const event = { origin: "https://hooks.example.com", type: "order.paid", data: { note: "it's paid" } };

  it("names the tenant for an operator's key", () => {
    expect(publishCommand({ ...event, tenant: "acme" })).toBe(
      [
        "curl 'https://hooks.example.com/v1/events' \\",
        '  -H "Authorization: Bearer $KEY" \\',
        "  -H 'Fanfare-Tenant: acme' \\",
        "  -H 'Content-Type: application/json' \\",
        `  -d '{"type":"order.paid","data":{"note":"it'\\''s paid"}}'`,
      ].join("\n"),
    );
  });

  it("names no tenant where the key does", () => {
    expect(publishCommand({ ...event, tenant: undefined })).not.toContain("Fanfare-Tenant");
  });
});
