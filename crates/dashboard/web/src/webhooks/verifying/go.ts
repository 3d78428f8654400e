import type { Rule } from "./rule";

/** Verifying code for Go, without packages beyond its own. */
export function go(rule: Rule): string {
  if (rule.scheme === "sha256_hex") return ofBody(rule);
  return rule.by === "secret" ? standard(rule) : byPublicKey(rule);
}

const PURPOSE =
  "// IsGenuine tells whether a request is genuine. body is what came in, byte by byte: verify, then decode.";

/** Lines that make the key. */
function key(rule: Rule): string {
  if (rule.key === "text") return "	key := []byte(secret)\n";
  return `	encoded := strings.TrimRight(strings.TrimPrefix(secret, "whsec_"), "=")
	key, err := base64.RawStdEncoding.DecodeString(encoded)
	if err != nil {
		return false
	}
`;
}

/** Lines that read what is signed, and refuse what is old. */
function timed(rule: Rule): string {
  return `	id, timestamp := header.Get("${rule.headers.id}"), header.Get("${rule.headers.timestamp}")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	// Signed more than five minutes ago: somebody may be sending an old request again.
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > 5*time.Minute {
		return false
	}
`;
}

function imports(...names: string[]): string {
  return `package webhook

import (
${names.map((name) => `	"${name}"\n`).join("")})
`;
}

function standard(rule: Rule): string {
  const needed = [
    "crypto/hmac",
    "crypto/sha256",
    "encoding/base64",
    "net/http",
    "strconv",
    "strings",
    "time",
  ];
  return `${imports(...needed)}
${PURPOSE}
func IsGenuine(secret string, header http.Header, body []byte) bool {
${timed(rule)}${key(rule)}	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	expected := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	// While a secret is being replaced there are two signatures. One that fits is enough.
	for _, given := range strings.Split(header.Get("${rule.headers.signature}"), " ") {
		if hmac.Equal([]byte(given), []byte(expected)) {
			return true
		}
	}
	return false
}
`;
}

function ofBody(rule: Rule): string {
  const needed =
    rule.key === "whsec"
      ? ["crypto/hmac", "crypto/sha256", "encoding/base64", "encoding/hex", "net/http", "strings"]
      : ["crypto/hmac", "crypto/sha256", "encoding/hex", "net/http"];
  return `${imports(...needed)}
${PURPOSE}
func IsGenuine(secret string, header http.Header, body []byte) bool {
${key(rule)}	mac := hmac.New(sha256.New, key)
	mac.Write(body)
	expected := "sha256=" + hex.EncodeToString(mac.Sum(nil))
	return hmac.Equal([]byte(header.Get("${rule.headers.signature}")), []byte(expected))
}
`;
}

function byPublicKey(rule: Rule): string {
  return `${imports("crypto/ed25519", "encoding/base64", "net/http", "strconv", "strings", "time")}
${PURPOSE}
func IsGenuine(publicKey string, header http.Header, body []byte) bool {
${timed(rule)}	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(publicKey, "whpk_"))
	if err != nil || len(key) != ed25519.PublicKeySize {
		return false
	}
	signed := append([]byte(id+"."+timestamp+"."), body...)
	for _, text := range strings.Split(header.Get("${rule.headers.signature}"), " ") {
		given, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(text, "v1a,"))
		if strings.HasPrefix(text, "v1a,") && err == nil && ed25519.Verify(key, signed, given) {
			return true
		}
	}
	return false
}
`;
}
