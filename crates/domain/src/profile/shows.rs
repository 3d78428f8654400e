//! What a profile's bodies and headers show.

use serde::Deserialize;
use toml::Spanned;

/// A member of the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its value.
    pub content: Content<MemberValue>,
}

/// A header that the profile sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its name, in the spelling of the guide.
    pub name: String,
    /// Its value.
    pub content: Content<HeaderValue>,
}

/// What stands under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content<V> {
    /// Always the same text.
    Fixed(String),
    /// Something of the delivery.
    Shown {
        /// A text that goes before it; often empty.
        prefix: String,
        /// What is shown.
        value: V,
    },
}

/// What a member of the body can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberValue {
    /// The event's id.
    EventId,
    /// The event's type, as published.
    EventType,
    /// The tenant's id.
    Tenant,
    /// When the event happened.
    Created,
    /// The webhook's id.
    WebhookId,
    /// The event's subject; left out where it has none.
    Subject,
    /// The event's data.
    Data,
    /// The signature over the body without this member.
    Signature,
}

/// What a header can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeaderValue {
    /// The event's id.
    EventId,
    /// The event's type, as published.
    EventType,
    /// When the attempt started, in Unix seconds.
    Timestamp,
    /// The signature, or several.
    Signature,
}

impl<V: PartialEq> Content<V> {
    /// Whether it shows `wanted`.
    pub(crate) fn shows(&self, wanted: &V) -> bool {
        matches!(self, Self::Shown { value, .. } if value == wanted)
    }
}

/// A member or header as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry<V> {
    pub(super) name: String,
    pub(super) shows: Option<V>,
    pub(super) text: Option<String>,
    pub(super) prefix: Option<String>,
}

/// Members or headers as they are written.
pub(super) type Entries<V> = Spanned<Vec<Spanned<Entry<V>>>>;

impl<V: Copy> Entry<V> {
    /// What stands under the name.
    ///
    /// # Errors
    /// What is wrong, if that is not clear.
    pub(super) fn content(&self) -> Result<Content<V>, String> {
        let Self { name, shows, text, prefix } = self;
        match (shows, text, prefix) {
            (Some(value), None, prefix) => {
                Ok(Content::Shown { prefix: prefix.clone().unwrap_or_default(), value: *value })
            }
            (None, Some(text), None) => Ok(Content::Fixed(text.clone())),
            (None, Some(_), Some(_)) => Err(format!("{name:?} has a fixed text, so it takes no prefix")),
            (None, None, _) => Err(format!("{name:?} needs either shows or text")),
            (Some(_), Some(_), _) => Err(format!("{name:?} can have shows or text, not both")),
        }
    }
}
