import type { AuthType, Signing } from "../types";

/**
 * A webhook's settings as its form holds them. Members are called as the API calls them, so that its field
 * problems (`retry.delays.0`) land where they belong. An empty text or number is one that is not set.
 */
export interface Values {
  url: string;
  events: string[];
  description: string;
  /** Empty: the tenant's default. */
  profile: string;
  /** Empty: one is made. */
  secret: string;
  signing: Signing;
  /** `own` is false where the profile's schedule holds. */
  retry: { own: boolean; delays: string[]; jitter: number };
  auth: AuthValues;
  headers: Pair[];
  timeout: string;
  rate_limit: { per_second: number | ""; burst: number | "" };
  max_in_flight: number | "";
  disable: DisableValues;
  metadata: Pair[];
}

/**
 * A name and its text. `kept` is the name of a stored value that is not shown and stays while the text is
 * empty.
 */
export interface Pair {
  /** Tells rows apart while they are edited. */
  key: number;
  name: string;
  value: string;
  kept?: string;
}

export interface AuthValues {
  type: AuthType | "none";
  username: string;
  password: string;
  token: string;
  token_url: string;
  client_id: string;
  client_secret: string;
  scope: string;
  audience: string;
  auth_method: "basic" | "post";
}

export interface DisableValues {
  /** False where the profile's rule holds. */
  own: boolean;
  gone: boolean;
  failing_for: string;
  failures_in_a_row: number | "";
  delivery_exhausted: boolean;
}

const NO_AUTH: AuthValues = {
  type: "none",
  username: "",
  password: "",
  token: "",
  token_url: "",
  client_id: "",
  client_secret: "",
  scope: "",
  audience: "",
  auth_method: "basic",
};

/** A new webhook's settings. Lists are filled where somebody departs from the profile. */
export function emptyValues(): Values {
  return {
    url: "",
    events: [],
    description: "",
    profile: "",
    secret: "",
    signing: "hmac",
    retry: { own: false, delays: [], jitter: 0 },
    auth: { ...NO_AUTH },
    headers: [],
    timeout: "",
    rate_limit: { per_second: "", burst: "" },
    max_in_flight: "",
    disable: { own: false, gone: false, failing_for: "", failures_in_a_row: "", delivery_exhausted: false },
    metadata: [],
  };
}

let lastKey = 0;

export function newPair(name = "", value = "", kept?: string): Pair {
  lastKey += 1;
  return { key: lastKey, name, value, ...(kept === undefined ? {} : { kept }) };
}

/** Pairs as the API takes them; rows without a name and a text are not there. */
export function filled(pairs: Pair[]): Pair[] {
  return pairs.filter((pair) => pair.name.trim() !== "" || pair.value !== "" || pair.kept !== undefined);
}
