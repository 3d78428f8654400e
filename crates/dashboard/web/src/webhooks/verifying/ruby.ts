import type { Rule } from "./rule";

/** Verifying code for Ruby, with its own OpenSSL. */
export function ruby(rule: Rule): string {
  if (rule.scheme === "sha256_hex") return ofBody(rule);
  return rule.by === "secret" ? standard(rule) : byPublicKey(rule);
}

const PURPOSE =
  "# Whether this request is genuine. body is what came in, byte by byte: verify before you parse.";

function key(rule: Rule): string {
  return rule.key === "whsec" ? `secret.delete_prefix("whsec_").unpack1("m")` : "secret";
}

/** Lines that read what is signed, and refuse what is old. */
function timed(rule: Rule): string {
  return `  id, timestamp = headers["${rule.headers.id}"].to_s, headers["${rule.headers.timestamp}"].to_s
  # Signed more than five minutes ago: somebody may be sending an old request again.
  return false unless timestamp.match?(/\\A\\d{1,12}\\z/) && (Time.now.to_i - timestamp.to_i).abs <= 300

`;
}

function standard(rule: Rule): string {
  return `require "openssl"

${PURPOSE}
def genuine?(secret, headers, body)
${timed(rule)}  key = ${key(rule)}
  signed = "#{id}.#{timestamp}.".b + body.b
  expected = "v1," + [OpenSSL::HMAC.digest("SHA256", key, signed)].pack("m0")
  # While a secret is being replaced there are two signatures. One that fits is enough.
  signatures = headers["${rule.headers.signature}"].to_s.split(" ")
  signatures.any? { |given| OpenSSL.secure_compare(given, expected) }
end
`;
}

function ofBody(rule: Rule): string {
  return `require "openssl"

${PURPOSE}
def genuine?(secret, headers, body)
  key = ${key(rule)}
  expected = "sha256=" + OpenSSL::HMAC.hexdigest("SHA256", key, body)
  OpenSSL.secure_compare(headers["${rule.headers.signature}"].to_s, expected)
end
`;
}

function byPublicKey(rule: Rule): string {
  return `require "openssl"

${PURPOSE}
def genuine?(public_key, headers, body)
${timed(rule)}  # What goes before the bytes of an ed25519 key to make it a key in DER.
  der = ["302a300506032b6570032100"].pack("H*") + public_key.delete_prefix("whpk_").unpack1("m")
  key = OpenSSL::PKey.read(der)
  signed = "#{id}.#{timestamp}.".b + body.b
  headers["${rule.headers.signature}"].to_s.split(" ").any? do |text|
    text.start_with?("v1a,") && key.verify(nil, text.delete_prefix("v1a,").unpack1("m"), signed)
  end
end
`;
}
