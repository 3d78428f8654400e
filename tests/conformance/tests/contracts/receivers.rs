//! The receivers in other languages: which there are, what each checks, and how they are run.

use fanfare_cluster::{Tenant, Webhook};
use serde_json::{Map, Value, json};

use crate::program::Program;

/// A receiver's program and what there is to know about it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// Under `receivers/`.
    pub(crate) script: &'static str,
    /// The path at which it takes events.
    pub(crate) path: &'static str,
    /// The profile that it was written for.
    pub(crate) profile: &'static str,
    /// Whether it verifies the body's bytes, rather than the parsed body written anew.
    pub(crate) raw: bool,
    /// What it says to a signature that is not that of the message.
    pub(crate) mismatch: &'static str,
    /// Which part the timestamp in the header has.
    pub(crate) timestamp: Timestamp,
}

/// What a receiver makes of the timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timestamp {
    /// There is none.
    Absent,
    /// It is signed.
    Signed,
    /// It is signed, and must not be old.
    Aged,
}

const fn kind(script: &'static str, path: &'static str, profile: &'static str) -> Kind {
    Kind { script, path, profile, raw: true, mismatch: "o matching signature found", timestamp: Timestamp::Aged }
}

const fn without_time(kind: Kind, mismatch: &'static str) -> Kind {
    Kind { mismatch, timestamp: Timestamp::Absent, ..kind }
}

const fn written_anew(kind: Kind) -> Kind {
    Kind { raw: false, ..kind }
}

/// Guide 000, in both languages that it shows.
pub(crate) const GOVALID: [Kind; 2] = [
    without_time(kind("govalid/receiver.py", "/webhook", "govalid"), "X-GoValid-Signature is not that of the body"),
    written_anew(without_time(
        kind("govalid/receiver.js", "/webhook", "govalid"),
        "X-GoValid-Signature is not that of the body",
    )),
];
/// Guide 001.
pub(crate) const VALIDAS: [Kind; 1] = [kind("validas/receiver.py", "/events", "validas")];
/// Guide 002.
pub(crate) const GUIDE_002: [Kind; 1] = [kind("guide-002/server.js", "/webhooks", "standard")];
/// Guide 003, in both languages that it shows.
pub(crate) const QR3: [Kind; 2] = [
    written_anew(without_time(kind("qr3/receiver.js", "/webhooks/qr3", "qr3"), "invalid X-QR3-Signature")),
    without_time(kind("qr3/receiver.py", "/webhooks/qr3", "qr3"), "invalid X-QR3-Signature"),
];
/// Guide 004.
pub(crate) const VOVEID: [Kind; 1] = [Kind {
    mismatch: "invalid Svix-Signature",
    timestamp: Timestamp::Signed,
    ..written_anew(kind("voveid/receiver.js", "/webhook-endpoint", "voveid"))
}];
/// The official packages.
pub(crate) const OFFICIAL: [Kind; 8] = [
    kind("official/with_standardwebhooks.js", "/", "standard"),
    kind("official/with_standardwebhooks.js", "/", "voveid"),
    kind("official/with_standardwebhooks.py", "/", "standard"),
    kind("official/with_standardwebhooks.py", "/", "voveid"),
    kind("official/with_svix.js", "/", "standard"),
    kind("official/with_svix.js", "/", "voveid"),
    kind("official/with_svix.py", "/", "standard"),
    kind("official/with_svix.py", "/", "voveid"),
];
/// CloudEvents.
pub(crate) const CLOUDEVENTS: [Kind; 1] = [kind("cloudevents/receiver.py", "/", "cloudevents")];

/// All of them.
pub(crate) fn all() -> impl Iterator<Item = Kind> {
    let guides = GOVALID.into_iter().chain(VALIDAS).chain(GUIDE_002).chain(QR3).chain(VOVEID);
    guides.chain(OFFICIAL).chain(CLOUDEVENTS)
}

/// A secret that is given, where the profile wants that.
pub(crate) const GIVEN_SECRET: &str = "my-secret-key-min-16-chars";
const CLIENT_SECRET: &str = "s3cr\u{e9}t+of:the client";

/// A running receiver, and the webhook that posts to it.
pub(crate) struct Receiving {
    pub(crate) kind: Kind,
    pub(crate) webhook: Webhook,
    /// Where it listens.
    pub(crate) base: String,
    program: Program,
}

impl Receiving {
    /// Starts the receiver, has `tenant` create a webhook of its profile for it, and tells it the secret.
    pub(crate) async fn start(kind: Kind, tenant: &Tenant, events: &[&str]) -> Self {
        let mut program = Program::start(&format!("receivers/{}", kind.script));
        let base = program.line().await;
        let url = format!("{base}{}", kind.path);
        let webhook = tenant.webhook_of(webhook(kind.profile, &url, &base, events)).await;
        let mut receiving = Self { kind, webhook, base, program };
        receiving.set("OAUTH_CLIENT_ID", "fanfare").await;
        receiving.set("OAUTH_CLIENT_SECRET", CLIENT_SECRET).await;
        receiving.set_secret(&receiving.webhook.secret.clone()).await;
        receiving
    }

    /// Has it believe that this is its webhook's secret.
    pub(crate) async fn set_secret(&mut self, secret: &str) {
        self.set("WEBHOOK_SECRET", secret).await;
    }

    async fn set(&mut self, name: &str, value: &str) {
        self.program.tell(&format!("{name}={value}")).await;
        assert_eq!(self.program.line().await, format!("set {name}"));
    }
}

/// A webhook of this profile, with what the profile requires; tokens come from `oauth`. Each event is tried once, and nothing
/// that is refused switches the webhook off: receivers here are made to refuse.
pub(crate) fn webhook(profile: &str, url: &str, oauth: &str, events: &[&str]) -> Value {
    let mut webhook = Map::new();
    webhook.insert("url".to_owned(), url.into());
    webhook.insert("events".to_owned(), json!(events));
    webhook.insert("profile".to_owned(), profile.into());
    webhook.insert("retry".to_owned(), json!({"delays": ["0s"], "jitter": 0.0}));
    webhook.insert("disable".to_owned(), json!({}));
    match profile {
        "govalid" | "qr3" => {
            webhook.insert("secret".to_owned(), GIVEN_SECRET.into());
        }
        "validas" => {
            let auth = json!({
                "type": "oauth2_client_credentials", "token_url": format!("{oauth}/oauth/token"),
                "client_id": "fanfare", "client_secret": CLIENT_SECRET,
            });
            webhook.insert("auth".to_owned(), auth);
        }
        _ => {}
    }
    Value::Object(webhook)
}
