//! A webhook's secrets: chosen or made, sealed, and rotated.

use fanfare_domain::ids::WebhookId;
use fanfare_domain::profile::{Holds, Profile, SecretOrigin};
use fanfare_domain::sealed::{Keyring, Sealed};
use fanfare_domain::signature::{Ed25519Secret, HmacSecret};
use fanfare_domain::time::Timestamp;
use fanfare_domain::webhook::{Secrets, Signing};

const LONGEST: usize = 1024;

/// Seals what belongs to one webhook, so that it opens for that webhook alone.
pub(super) struct Sealer<'a> {
    keyring: &'a Keyring,
    webhook: WebhookId,
}

impl<'a> Sealer<'a> {
    pub(super) const fn new(keyring: &'a Keyring, webhook: WebhookId) -> Self {
        Self { keyring, webhook }
    }

    pub(super) const fn id(&self) -> WebhookId {
        self.webhook
    }

    pub(super) fn seal(&self, plaintext: &str) -> Sealed {
        self.keyring.seal(plaintext.as_bytes(), self.webhook.as_bytes(), rand::random())
    }
}

/// The secret that is given, or a new one, as the profile has it. No message holds any of it.
pub(super) fn choose(profile: &Profile, given: Option<&str>) -> Result<HmacSecret, String> {
    match (given, profile.secret.origin) {
        (Some(_), SecretOrigin::Made) => Err(format!("the profile {} takes no secrets; leave it out", profile.name)),
        (None, SecretOrigin::Given) => Err(format!("is required: the profile {} makes no secrets", profile.name)),
        (Some(text), _) if text.len() > LONGEST => Err(format!("must have at most {LONGEST} characters")),
        (Some(text), _) => profile.take_secret(text).map_err(|error| error.to_string()),
        (None, _) => Ok(profile.make_secret(&rand::random())),
    }
}

/// A new webhook's secrets.
pub(super) fn new(sealer: &Sealer<'_>, secret: &HmacSecret, signing: Signing) -> Secrets {
    let secrets = Secrets {
        current: sealer.seal(secret.expose()),
        previous: None,
        hint: secret.hint(),
        ed25519: None,
        public_key: None,
    };
    for_signing(sealer, secrets, signing)
}

/// Secrets with a key pair, if `signing` needs one, and without, if not.
pub(super) fn for_signing(sealer: &Sealer<'_>, mut secrets: Secrets, signing: Signing) -> Secrets {
    if signing == Signing::Hmac {
        secrets.ed25519 = None;
        secrets.public_key = None;
    } else if secrets.ed25519.is_none() {
        let pair = Ed25519Secret::make(&rand::random());
        secrets.public_key = Some(pair.public_key().to_string());
        secrets.ed25519 = Some(sealer.seal(&pair.expose()));
    }
    secrets
}

/// Secrets in which `new` follows on the current one, which signs until `until`.
///
/// Where a header holds one signature, the one that signs now goes on until then, even if it is not the newest: receivers
/// know it.
pub(super) fn rotated(
    sealer: &Sealer<'_>,
    before: &Secrets,
    new: &HmacSecret,
    holds: Holds,
    now: Timestamp,
    until: Timestamp,
) -> Secrets {
    let signs_now = match (&before.previous, holds) {
        (Some((previous, ends)), Holds::One) if *ends > now => previous,
        _ => &before.current,
    };
    Secrets {
        current: sealer.seal(new.expose()),
        previous: (until > now).then(|| (signs_now.clone(), until)),
        hint: new.hint(),
        ed25519: before.ed25519.clone(),
        public_key: before.public_key.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn keyring() -> Keyring {
        Keyring::parse(&format!("{}=", "A".repeat(43))).expect("32 bytes")
    }

    fn secret(byte: u8) -> HmacSecret {
        HmacSecret::make_whsec(&[byte; 32])
    }

    fn opened(keyring: &Keyring, webhook: WebhookId, sealed: &Sealed) -> String {
        let bytes = keyring.open(sealed, webhook.as_bytes()).expect("ours");
        String::from_utf8(bytes.to_vec()).expect("text")
    }

    fn twice(holds: Holds) -> (String, String) {
        let (keyring, now) = (keyring(), Timestamp::from_millis(1_000_000));
        let webhook = WebhookId::make(now, 1);
        let sealer = Sealer::new(&keyring, webhook);
        let first = new(&sealer, &secret(1), Signing::Hmac);
        let second = rotated(&sealer, &first, &secret(2), holds, now, now.plus(HOUR));
        let third = rotated(&sealer, &second, &secret(3), holds, now, now.plus(HOUR));
        let previous = third.previous.expect("overlaps").0;
        (opened(&keyring, webhook, &previous), opened(&keyring, webhook, &third.current))
    }

    #[test]
    fn two_rotations_in_one_overlap_keep_the_newest_two_where_several_sign() {
        assert_eq!(twice(Holds::Several), (secret(2).expose().to_owned(), secret(3).expose().to_owned()));
    }

    #[test]
    fn two_rotations_in_one_overlap_keep_the_one_that_signs_where_one_does() {
        assert_eq!(twice(Holds::One), (secret(1).expose().to_owned(), secret(3).expose().to_owned()));
    }

    #[test]
    fn without_an_overlap_the_old_secret_goes_at_once() {
        let (keyring, now) = (keyring(), Timestamp::from_millis(1_000_000));
        let sealer = Sealer::new(&keyring, WebhookId::make(now, 1));
        let first = new(&sealer, &secret(1), Signing::Both);
        let second = rotated(&sealer, &first, &secret(2), Holds::One, now, now);
        assert_eq!(second.previous, None);
        assert_eq!(second.public_key, first.public_key);
    }
}
