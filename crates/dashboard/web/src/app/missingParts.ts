const RELOADED_AT = "fanfare-reloaded-at";
const NOT_AGAIN_WITHIN_MS = 60_000;

/**
 * After an update of the server, the parts that an open page still wants to load are gone. A fresh document
 * knows the new ones; whoever just got one and still misses a part sees the error instead of loading forever.
 */
export function reloadOnMissingParts(): void {
  window.addEventListener("vite:preloadError", (event) => {
    if (!mayReload()) return;
    event.preventDefault();
    window.location.reload();
  });
}

function mayReload(): boolean {
  try {
    const last = Number(window.sessionStorage.getItem(RELOADED_AT) ?? 0);
    if (Date.now() - last < NOT_AGAIN_WITHIN_MS) return false;
    window.sessionStorage.setItem(RELOADED_AT, String(Date.now()));
    return true;
  } catch {
    // Storage may be forbidden inside an iframe; without it nobody knows when to stop.
    return false;
  }
}
