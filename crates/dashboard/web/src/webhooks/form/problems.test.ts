import { describe, expect, it } from "vitest";
import { placed, problemsOf } from "./problems";
import { emptyValues, newPair } from "./values";

const good = { ...emptyValues(), url: "https://example.com/hooks", events: ["order.*"] };

describe("problemsOf", () => {
  it("asks for where and what", () => {
    expect(Object.keys(problemsOf(emptyValues()))).toEqual(["url", "events"]);
    expect(problemsOf(good)).toEqual({});
  });

  it("looks at the schedule only where it is the webhook's own", () => {
    const retry = { own: true, delays: ["0s", "never"], jitter: 0 };
    expect(Object.keys(problemsOf({ ...good, retry }))).toEqual(["retry.delays.1"]);
    expect(problemsOf({ ...good, retry: { ...retry, own: false } })).toEqual({});
  });

  it.each(["31s", "500ms", "soon"])("refuses the timeout %s", (timeout) => {
    expect(problemsOf({ ...good, timeout })).toHaveProperty("timeout");
  });

  it("refuses a name that is there twice, in another case too for headers", () => {
    const twice = [newPair("X-Shop", "1"), newPair("x-shop", "2")];
    expect(Object.keys(problemsOf({ ...good, headers: twice }))).toEqual(["headers.1.name"]);
    expect(problemsOf({ ...good, metadata: twice })).toEqual({});
  });
});

describe("placed", () => {
  it("puts the server's problems where the form has the field", () => {
    const values = { ...good, headers: [newPair("X-A", "1"), newPair("X.B", "2")] };
    expect(
      placed(
        {
          url: "no",
          "events.0": "a",
          "events.3": "b",
          "headers.X.B": "taken",
          "headers.Gone": "lost",
          auth: "needed",
          "retry.delays.0": "long",
        },
        values,
      ),
    ).toEqual({
      url: "no",
      events: "a b",
      "headers.1.name": "taken",
      headers: "lost",
      "auth.type": "needed",
      "retry.delays.0": "long",
    });
  });
});
