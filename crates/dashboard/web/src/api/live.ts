import { useSyncExternalStore } from "react";
import { LiveFeed, type LiveState } from "./liveFeed";
import { queryClient } from "./queryClient";
import { refresher } from "./refresher";

/** The least time between two refreshes: a busy system tells of activity every second. */
const REFRESH_EVERY_MS = 2_000;

const feeds = new Map<string | undefined, LiveFeed>();

function feedOf(tenant: string | undefined): LiveFeed {
  const known = feeds.get(tenant);
  if (known) return known;
  const refresh = refresher(
    () => queryClient.invalidateQueries({ queryKey: ["live", tenant ?? null] }),
    REFRESH_EVERY_MS,
  );
  const feed = new LiveFeed(tenant, refresh);
  feeds.set(tenant, feed);
  return feed;
}

/**
 * Keeps what is on the screen up to date: when something happened, queries whose key begins with
 * `["live", tenant ?? null]` are asked again. However many views use it, there is one connection.
 */
export function useLive(tenant: string | undefined): LiveState {
  const feed = feedOf(tenant);
  return useSyncExternalStore(feed.subscribe, feed.current);
}
