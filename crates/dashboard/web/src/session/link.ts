let waiting: string | null = null;

/** The token in a fragment such as `#link=TOKEN`. */
export function tokenIn(hash: string): string | null {
  return new URLSearchParams(hash.replace(/^#/, "")).get("link") || null;
}

/**
 * Takes a one-time link's token out of the address before anything else reads it, so that neither the history
 * nor the router keeps it. A link that is pasted into an open page changes its fragment alone: that starts
 * the page anew.
 */
export function takeLinkFromAddress(): void {
  const { hash, pathname, search } = window.location;
  waiting = tokenIn(hash);
  if (waiting !== null) window.history.replaceState(window.history.state, "", pathname + search);
  window.addEventListener("hashchange", () => {
    if (tokenIn(window.location.hash) !== null) window.location.reload();
  });
}

/** The token that the address held; it can be used once. */
export function takeLinkToken(): string | null {
  const token = waiting;
  waiting = null;
  return token;
}
