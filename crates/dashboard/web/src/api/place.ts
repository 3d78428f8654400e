/**
 * Where the application was opened: by people who sign in, or by a tenant's own people through a portal link.
 */
export type Place = "dashboard" | "portal";

export function placeOf(pathname: string): Place {
  return pathname === "/portal" || pathname.startsWith("/portal/") ? "portal" : "dashboard";
}

export const place: Place = placeOf(window.location.pathname);
