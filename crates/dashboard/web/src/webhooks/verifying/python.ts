import type { Rule } from "./rule";

/** Verifying code for Python; but for public keys without packages. */
export function python(rule: Rule): string {
  if (rule.scheme === "sha256_hex") return ofBody(rule);
  return rule.by === "secret" ? standard(rule) : byPublicKey(rule);
}

const PURPOSE =
  '"""Whether this request is genuine. body is what came in, byte by byte: verify before you parse."""';

function key(rule: Rule): string {
  return rule.key === "whsec" ? `base64.b64decode(secret.removeprefix("whsec_") + "==")` : "secret.encode()";
}

function standard(rule: Rule): string {
  const { id, timestamp, signature } = rule.headers;
  return `import base64
import hashlib
import hmac
import re
import time


def is_genuine(secret: str, headers, body: bytes) -> bool:
    ${PURPOSE}
    event_id = headers.get("${id}", "")
    timestamp = headers.get("${timestamp}", "")
    # Signed more than five minutes ago: somebody may be sending an old request again.
    if not re.fullmatch("[0-9]{1,12}", timestamp) or abs(time.time() - int(timestamp)) > 300:
        return False
    key = ${key(rule)}
    signed = f"{event_id}.{timestamp}.".encode() + body
    expected = b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
    # While a secret is being replaced there are two signatures. One that fits is enough.
    signatures = headers.get("${signature}", "").encode().split(b" ")
    return any(hmac.compare_digest(given, expected) for given in signatures)
`;
}

function ofBody(rule: Rule): string {
  const base64 = rule.key === "whsec" ? "import base64\n" : "";
  return `${base64}import hashlib
import hmac


def is_genuine(secret: str, headers, body: bytes) -> bool:
    ${PURPOSE}
    key = ${key(rule)}
    expected = "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()
    given = headers.get("${rule.headers.signature}", "")
    return hmac.compare_digest(given.encode(), expected.encode())
`;
}

function byPublicKey(rule: Rule): string {
  const { id, timestamp, signature } = rule.headers;
  return `import base64
import re
import time

# Python itself has no ed25519: pip install cryptography
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def is_genuine(public_key: str, headers, body: bytes) -> bool:
    ${PURPOSE}
    event_id = headers.get("${id}", "")
    timestamp = headers.get("${timestamp}", "")
    # Signed more than five minutes ago: somebody may be sending an old request again.
    if not re.fullmatch("[0-9]{1,12}", timestamp) or abs(time.time() - int(timestamp)) > 300:
        return False
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key.removeprefix("whpk_")))
    signed = f"{event_id}.{timestamp}.".encode() + body
    for text in headers.get("${signature}", "").split(" "):
        try:
            if text.startswith("v1a,"):
                key.verify(base64.b64decode(text[4:]), signed)
                return True
        except (InvalidSignature, ValueError):
            pass
    return False
`;
}
