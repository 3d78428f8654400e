import { describe, expect, it } from "vitest";
import { ProblemError } from "../api/problem";
import { draftErrors, draftOf, readDraft } from "./draft";

const TYPE = {
  name: "order.paid",
  description: "An order was paid",
  aliases: ["paid"],
  deprecated: false,
  schema: { type: "object" },
  example: { order: 4711 },
  created_at: "2026-03-15T10:00:00.000Z",
};

describe("a draft", () => {
  it("is sent as the type was shown", () => {
    const { name: _name, created_at: _at, ...body } = TYPE;
    expect(readDraft(draftOf(TYPE))).toEqual({ body });
  });

  it("tells an example of null from none", () => {
    expect(draftOf({ ...TYPE, example: null }).example).toBe("null");
    expect(draftOf({ ...TYPE, example: undefined }).example).toBe("");
    expect(readDraft(draftOf({ ...TYPE, example: null }))).toHaveProperty("body.example", null);
  });

  it("leaves out what is empty", () => {
    const read = readDraft({ ...draftOf(TYPE), schema: " \n", example: "" });
    expect(read).toEqual({ body: { description: TYPE.description, aliases: ["paid"], deprecated: false } });
  });

  it("is not sent with what is no JSON", () => {
    const read = readDraft({ ...draftOf(null), schema: "{", example: "{'a': 1}" });
    expect(read).toHaveProperty("errors.schema", expect.stringContaining("not JSON"));
    expect(read).toHaveProperty("errors.example", expect.stringContaining("not JSON"));
  });
});

it("shows the server's findings at their fields, and names the alias", () => {
  const problem = new ProblemError({
    status: 400,
    title: "Bad Request",
    detail: "3 fields are not as they should be",
    errors: [
      { pointer: "#/schema", detail: "not a JSON Schema" },
      { pointer: "#/aliases/0", detail: "is the type's own name" },
      { pointer: "#/aliases/1", detail: "is in the list already" },
    ],
  });
  expect(draftErrors(problem, ["a", "b"])).toEqual({
    schema: "not a JSON Schema",
    aliases: "a: is the type's own name; b: is in the list already",
  });
});
