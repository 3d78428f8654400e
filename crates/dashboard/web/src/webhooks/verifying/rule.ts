import type { Profile, Signing } from "../types";

/** Names of the headers that carry what is signed. */
export interface SignedHeaders {
  id: string;
  timestamp: string;
  signature: string;
}

/** What verifying code has to know of a webhook. */
export interface Rule {
  /** `standard` signs id, time and body; `sha256_hex` the body alone. */
  scheme: "standard" | "sha256_hex";
  /** What of the secret is the key: the base64 after `whsec_`, or its own text. */
  key: "whsec" | "text";
  /** What verifies: the shared secret, or the public half of a key pair. */
  by: "secret" | "public_key";
  headers: SignedHeaders;
}

type Headers = readonly (readonly [name: string, value: string])[];

/**
 * The names of a profile's signed headers. It names the one with the signature; the others are told by what
 * they hold in a sample: the time is in Unix seconds, and the id is our own.
 */
export function signedHeaders(profile: Profile, sample: Headers): SignedHeaders {
  const name = (fits: (name: string, value: string) => boolean, otherwise: string) =>
    sample.find(([header, value]) => fits(header, value))?.[0].toLowerCase() ?? otherwise;
  const isSignature = (_: string, value: string) => /^(v1a?,|sha256=)/.test(value);
  return {
    signature: profile.signature.header?.toLowerCase() ?? name(isSignature, "webhook-signature"),
    timestamp: name((_, value) => /^\d{9,11}$/.test(value), "webhook-timestamp"),
    id: name((header, value) => value.startsWith("evt_") || /-id$/i.test(header), "webhook-id"),
  };
}

/** By what a webhook's requests can be verified, the simplest first. */
export function waysToVerify(signing: Signing | null | undefined): Rule["by"][] {
  if (signing === "ed25519") return ["public_key"];
  return signing === "both" ? ["secret", "public_key"] : ["secret"];
}

export function ruleOf(profile: Profile, by: Rule["by"], sample: Headers): Rule {
  const { scheme } = profile.signature;
  return { scheme, key: profile.secret.key, by, headers: signedHeaders(profile, sample) };
}
