/**
 * What style elements made at run time must carry (Content-Security-Policy); the server puts it into the
 * document.
 */
export const nonce: string =
  document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";

declare global {
  var __webpack_nonce__: string | undefined;
}

/** Tells the library that keeps the page from scrolling behind a dialog; this name is where it looks. */
export function shareNonce(): void {
  globalThis.__webpack_nonce__ = nonce;
}
