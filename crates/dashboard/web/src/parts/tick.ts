import { useSyncExternalStore } from "react";

const EVERY_MS = 5_000;

let ticks = 0;
let ticking: ReturnType<typeof setInterval> | undefined;
const subscribers = new Set<() => void>();

function subscribe(subscriber: () => void): () => void {
  subscribers.add(subscriber);
  ticking ??= setInterval(tick, EVERY_MS);
  return () => {
    subscribers.delete(subscriber);
    if (subscribers.size > 0) return;
    clearInterval(ticking);
    ticking = undefined;
  };
}

function tick(): void {
  ticks += 1;
  for (const subscriber of subscribers) subscriber();
}

/** Draws again every few seconds what shows how long ago something was; one clock for all who ask. */
export function useTick(): void {
  useSyncExternalStore(subscribe, () => ticks);
}
