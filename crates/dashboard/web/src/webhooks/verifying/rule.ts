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

const STANDARD: SignedHeaders = {
  id: "webhook-id",
  timestamp: "webhook-timestamp",
  signature: "webhook-signature",
};

/** The names of a profile's signed headers, as most receivers have them: in small letters. */
function signedHeaders({ signature }: Profile): SignedHeaders {
  return {
    id: signature.id_header?.toLowerCase() ?? STANDARD.id,
    timestamp: signature.timestamp_header?.toLowerCase() ?? STANDARD.timestamp,
    signature: signature.header?.toLowerCase() ?? STANDARD.signature,
  };
}

/** By what a webhook's requests can be verified, the simplest first. */
export function waysToVerify(signing: Signing | null | undefined): Rule["by"][] {
  if (signing === "ed25519") return ["public_key"];
  return signing === "both" ? ["secret", "public_key"] : ["secret"];
}

export function ruleOf(profile: Profile, by: Rule["by"]): Rule {
  const { scheme } = profile.signature;
  return { scheme, key: profile.secret.key, by, headers: signedHeaders(profile) };
}
