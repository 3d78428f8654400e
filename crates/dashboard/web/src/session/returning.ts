/** The sign-in's address, with where to go on afterwards. */
export function signInPath(from: { pathname: string; search: string }): string {
  const to = from.pathname + from.search;
  return to === "/" ? "/sign-in" : `/sign-in?${new URLSearchParams({ to })}`;
}

/** Where to go on after the sign-in: only ever a path of this application. */
export function pathAfterSignIn(search: string): string {
  const to = new URLSearchParams(search).get("to") ?? "/";
  const leadsOut = !/^\/(?![/\\])/.test(to);
  return leadsOut || to.startsWith("/sign-in") ? "/" : to;
}
