import { expect, it } from "vitest";
import { EventStreamReader } from "./eventStream";

const STREAM =
  ': keep\n\nevent: activity\ndata: {"at": 1}\n\n' +
  "event:activity\r\ndata:two\r\ndata: lines\r\n\r\ndata: plain\r\r";
const EVENTS = [
  { event: "activity", data: '{"at": 1}' },
  { event: "activity", data: "two\nlines" },
];

it("reads events, whatever ends a line", () => {
  const reader = new EventStreamReader();
  expect(reader.read(STREAM)).toEqual(EVENTS);
  expect(reader.read("data: next")).toEqual([{ event: "message", data: "plain" }]);
});

it("reads the same however the pieces are cut", () => {
  for (let size = 1; size < STREAM.length; size += 1) {
    const reader = new EventStreamReader();
    const found = [];
    for (let from = 0; from < STREAM.length; from += size)
      found.push(...reader.read(STREAM.slice(from, from + size)));
    found.push(...reader.read("\n"));
    expect(found).toEqual([...EVENTS, { event: "message", data: "plain" }]);
  }
});

it("passes over comments, unknown fields and events without data", () => {
  const reader = new EventStreamReader();
  expect(reader.read(": 1\nid: 7\nretry: 5\nevent: empty\n\n\n")).toEqual([]);
});

it("waits for the end of an event", () => {
  const reader = new EventStreamReader();
  expect(reader.read("data: a\n")).toEqual([]);
  expect(reader.read("\n")).toEqual([{ event: "message", data: "a" }]);
});

it("passes over a byte order mark", () => {
  expect(new EventStreamReader().read("\uFEFFdata: a\n\n")).toEqual([{ event: "message", data: "a" }]);
});
