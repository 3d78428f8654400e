import { announceSessionEnded, inTenant, sessionHeader } from "./client";
import { EventStreamReader } from "./eventStream";

export type LiveState = "live" | "connecting" | "off";

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

/**
 * One connection to `GET /v1/live`, kept up for as long as somebody subscribes and the page is visible: a
 * browser has only six connections to a host over HTTP/1.1, and tabs in the background must not hold them.
 */
export class LiveFeed {
  private state: LiveState = "connecting";
  private readonly subscribers = new Set<() => void>();
  private connection: AbortController | null = null;
  private heardBefore = false;

  constructor(
    private readonly tenant: string | undefined,
    private readonly onActivity: () => void,
  ) {}

  readonly current = (): LiveState => this.state;

  readonly subscribe = (subscriber: () => void): (() => void) => {
    this.subscribers.add(subscriber);
    if (this.subscribers.size === 1) {
      document.addEventListener("visibilitychange", this.follow);
      this.follow();
    }
    return () => {
      this.subscribers.delete(subscriber);
      // The next view subscribes in the same turn: only whoever is still alone afterwards hangs up.
      setTimeout(() => this.hangUpIfAlone(), 0);
    };
  };

  private hangUpIfAlone(): void {
    if (this.subscribers.size > 0) return;
    document.removeEventListener("visibilitychange", this.follow);
    this.hangUp();
  }

  private readonly follow = (): void => {
    if (document.hidden) this.hangUp();
    else if (this.connection === null) void this.keepConnected();
  };

  private hangUp(): void {
    this.connection?.abort();
    this.connection = null;
    this.show("connecting");
  }

  private async keepConnected(): Promise<void> {
    const connection = new AbortController();
    this.connection = connection;
    let wait = FIRST_WAIT_MS;
    const over = () => connection.signal.aborted;
    while (!over()) {
      this.show("connecting");
      const ended = await this.listen(connection.signal);
      if (over()) return;
      if (ended === "refused") {
        this.show("off");
        return;
      }
      wait = ended === "closed" ? FIRST_WAIT_MS : Math.min(wait * 2, LONGEST_WAIT_MS);
      // Spread out, so that not every page comes back in the same moment after a restart.
      await pause(wait * (0.75 + Math.random() / 2), connection.signal);
    }
  }

  /**
   * Listens until the stream ends: `closed` if it had been open, `failed` if it never was, `refused` for
   * good.
   */
  private async listen(signal: AbortSignal): Promise<"closed" | "failed" | "refused"> {
    let wasOpen = false;
    try {
      const response = await fetch("/v1/live", {
        headers: { ...sessionHeader, ...inTenant(this.tenant), Accept: "text/event-stream" },
        credentials: "same-origin",
        cache: "no-store",
        signal,
      });
      if (response.status === 401) announceSessionEnded();
      if (response.status >= 400 && response.status < 500 && response.status !== 429) return "refused";
      if (!response.ok || response.body === null) return "failed";
      wasOpen = true;
      this.show("live");
      // Something may have happened while nobody listened; the first time, everything has just been asked
      // for.
      if (this.heardBefore) this.onActivity();
      this.heardBefore = true;
      await this.readAll(response.body);
    } catch {
      // An aborted or broken connection: the caller decides what follows.
    }
    return wasOpen ? "closed" : "failed";
  }

  private async readAll(body: ReadableStream<Uint8Array>): Promise<void> {
    const events = new EventStreamReader();
    const decoder = new TextDecoder();
    const reader = body.getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      const found = events.read(decoder.decode(read.value, { stream: true }));
      if (found.some(({ event }) => event === "activity")) this.onActivity();
    }
  }

  private show(state: LiveState): void {
    if (state === this.state) return;
    this.state = state;
    for (const subscriber of this.subscribers) subscriber();
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
