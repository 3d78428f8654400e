//! How entries are called in the bucket, whose keys are dot-separated words of `A-Z a-z 0-9 - / _ =`.
//!
//! A tenant is `tenant.<number>`, a webhook `webhook.<id>`, an API key `key.<id>`, an event type `type.<tenant's
//! number>.<name>`. The name is one word: every byte of it but `a-z 0-9 _ -` is written as `=` and two hexadecimal digits,
//! and an empty name as `=`.

use fanfare_domain::ids::TenantNumber;
use fanfare_ports::directory::EntryKey;

pub(super) fn encode(key: &EntryKey) -> String {
    match key {
        EntryKey::Tenant(number) => format!("tenant.{}", number.get()),
        EntryKey::Webhook(id) => format!("webhook.{id}"),
        EntryKey::ApiKey(id) => format!("key.{id}"),
        EntryKey::EventType(tenant, name) => format!("type.{}.{}", tenant.get(), encode_name(name)),
    }
}

/// Reads what [`encode`] wrote; `None` if a newer version, or somebody else, wrote it.
pub(super) fn decode(key: &str) -> Option<EntryKey> {
    let (kind, rest) = key.split_once('.')?;
    match kind {
        "tenant" => rest.parse().ok().map(|number| EntryKey::Tenant(TenantNumber::new(number))),
        "webhook" => rest.parse().ok().map(EntryKey::Webhook),
        "key" => rest.parse().ok().map(EntryKey::ApiKey),
        "type" => {
            let (tenant, name) = rest.split_once('.')?;
            Some(EntryKey::EventType(TenantNumber::new(tenant.parse().ok()?), decode_name(name)?))
        }
        _ => None,
    }
}

fn encode_name(name: &str) -> String {
    if name.is_empty() {
        return "=".to_owned();
    }
    name.bytes().fold(String::with_capacity(name.len()), |mut word, byte| {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' => word.push(char::from(byte)),
            _ => word.push_str(&format!("={byte:02X}")),
        }
        word
    })
}

fn decode_name(word: &str) -> Option<String> {
    if word == "=" {
        return Some(String::new());
    }
    let mut parts = word.split('=');
    let mut name = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, plain) = part.split_at_checked(2)?;
        name.push(u8::from_str_radix(digits, 16).ok()?);
        name.extend_from_slice(plain.as_bytes());
    }
    String::from_utf8(name).ok()
}

#[cfg(test)]
mod tests {
    use fanfare_domain::ids::{KeyId, WebhookId};
    use fanfare_domain::time::Timestamp;

    use super::*;

    #[test]
    fn a_key_reads_back_as_it_was_written() {
        let (tenant, time) = (TenantNumber::new(7), Timestamp::from_millis(1));
        let names = ["", ".", "a", "a.b", "a..b", "=", "=2E", "A b", "größe", "*", ">", "a_b-c"];
        let types = names.map(|name| EntryKey::EventType(tenant, name.to_owned()));
        let others = [
            EntryKey::Tenant(tenant),
            EntryKey::Webhook(WebhookId::make(time, 1)),
            EntryKey::ApiKey(KeyId::make(time, 2)),
        ];
        for key in types.into_iter().chain(others) {
            let encoded = encode(&key);
            assert!(encoded.split('.').all(|word| !word.is_empty()), "{encoded}");
            assert!(encoded.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_=.".contains(&b)), "{encoded}");
            assert_eq!(decode(&encoded), Some(key));
        }
        assert_eq!(encode(&EntryKey::EventType(tenant, "order.paid".to_owned())), "type.7.order=2Epaid");
    }

    #[test]
    fn keys_of_others_are_not_read() {
        for key in ["", "tenant", "tenant.x", "webhook.1", "type.1", "type.1.a=2", "type.1.=GG", "other.1"] {
            assert_eq!(decode(key), None, "{key}");
        }
    }
}
