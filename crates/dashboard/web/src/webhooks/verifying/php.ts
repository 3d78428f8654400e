import type { Rule } from "./rule";

/** Verifying code for PHP, with the extensions that come with it. */
export function php(rule: Rule): string {
  if (rule.scheme === "sha256_hex") return ofBody(rule);
  return rule.by === "secret" ? standard(rule) : byPublicKey(rule);
}

const PURPOSE = `/**
 * Whether this request is genuine. $body is what came in, byte by byte: verify before you decode.
 * Call it with getallheaders() and file_get_contents('php://input').
 */`;

function key(rule: Rule): string {
  return rule.key === "whsec" ? "base64_decode(substr($secret, strlen('whsec_')))" : "$secret";
}

/** Lines that read what is signed, and refuse what is old. */
function timed(rule: Rule): string {
  return `    $headers = array_change_key_case($headers);
    $id = $headers['${rule.headers.id}'] ?? '';
    $timestamp = $headers['${rule.headers.timestamp}'] ?? '';
    // Signed more than five minutes ago: somebody may be sending an old request again.
    if (!ctype_digit($timestamp) || abs(time() - (int) $timestamp) > 300) {
        return false;
    }
`;
}

function standard(rule: Rule): string {
  return `<?php

${PURPOSE}
function isGenuine(string $secret, array $headers, string $body): bool
{
${timed(rule)}    $key = ${key(rule)};
    $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", $key, true));
    // While a secret is being replaced there are two signatures. One that fits is enough.
    foreach (explode(' ', $headers['${rule.headers.signature}'] ?? '') as $given) {
        if (hash_equals($expected, $given)) {
            return true;
        }
    }
    return false;
}
`;
}

function ofBody(rule: Rule): string {
  return `<?php

${PURPOSE}
function isGenuine(string $secret, array $headers, string $body): bool
{
    $headers = array_change_key_case($headers);
    $key = ${key(rule)};
    $expected = 'sha256=' . hash_hmac('sha256', $body, $key);
    return hash_equals($expected, $headers['${rule.headers.signature}'] ?? '');
}
`;
}

function byPublicKey(rule: Rule): string {
  return `<?php

${PURPOSE}
function isGenuine(string $publicKey, array $headers, string $body): bool
{
${timed(rule)}    $key = base64_decode(substr($publicKey, strlen('whpk_')));
    foreach (explode(' ', $headers['${rule.headers.signature}'] ?? '') as $text) {
        $given = str_starts_with($text, 'v1a,') ? base64_decode(substr($text, 4)) : '';
        if (strlen($given) === SODIUM_CRYPTO_SIGN_BYTES
            && sodium_crypto_sign_verify_detached($given, "$id.$timestamp.$body", $key)) {
            return true;
        }
    }
    return false;
}
`;
}
