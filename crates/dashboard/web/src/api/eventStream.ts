/** One event of a `text/event-stream`. */
export interface StreamEvent {
  event: string;
  data: string;
}

/**
 * Reads a `text/event-stream` piece by piece (HTML Living Standard, "Server-sent events"). Ids and retry
 * times are passed over: the server sends none.
 */
export class EventStreamReader {
  private rest = "";
  private atStart = true;
  private event = "";
  private data: string[] = [];

  /** The events that this piece completes. */
  read(piece: string): StreamEvent[] {
    let text = this.rest + piece;
    if (this.atStart && text !== "") {
      this.atStart = false;
      text = text.replace(/^\uFEFF/, "");
    }
    const found: StreamEvent[] = [];
    // A carriage return at the very end may be the first half of a line's end.
    const lineEnd = /\r\n|\n|\r(?!$)/g;
    let from = 0;
    for (let end = lineEnd.exec(text); end !== null; end = lineEnd.exec(text)) {
      const event = this.take(text.slice(from, end.index));
      if (event) found.push(event);
      from = lineEnd.lastIndex;
    }
    this.rest = text.slice(from);
    return found;
  }

  private take(line: string): StreamEvent | null {
    if (line === "") return this.finish();
    const [, name = "", value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (name === "event") this.event = value;
    else if (name === "data") this.data.push(value);
    return null;
  }

  private finish(): StreamEvent | null {
    const { event, data } = this;
    this.event = "";
    this.data = [];
    return data.length === 0 ? null : { event: event || "message", data: data.join("\n") };
  }
}
