//! Reading a profile's text, and pointing at what is wrong in it.

use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::catalogue::KnownType;
use super::check::{Checked, Problem};
use super::shows::{Entries, HeaderValue, MemberValue};
use super::{AuthRule, Profile, SecretRule, SignatureRule, StatusRange, TimeFormat};
use crate::health::DisableRule;
use crate::retry::RetryPolicy;

/// What is wrong with a profile's text, and where. Shown, it ends with the line that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileError {
    /// The profile's name.
    pub profile: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The character within the line, counted from 1.
    pub column: usize,
    /// What is wrong there.
    pub problem: String,
    /// The line itself.
    pub excerpt: String,
}

/// A profile as it is written, in a text of its own or as a table of a larger one. Its settings have been read, each by
/// itself; [`Description::into_profile`] checks what they must keep together.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    pub(super) envelope: Option<Entries<MemberValue>>,
    #[serde(default)]
    pub(super) body_time: TimeFormat,
    pub(super) content_type: Option<Spanned<String>>,
    pub(super) headers: Entries<HeaderValue>,
    pub(super) signature: Spanned<SignatureRule>,
    pub(super) secret: Spanned<SecretRule>,
    #[serde(default)]
    pub(super) auth: AuthRule,
    pub(super) success: Spanned<StatusRange>,
    pub(super) timeout: Spanned<String>,
    pub(super) retry: RetryPolicy,
    #[serde(default)]
    pub(super) disable: DisableRule,
    #[serde(default)]
    pub(super) event_types: Vec<Spanned<KnownType>>,
}

impl Profile {
    /// Reads a profile from TOML; `profile/standard.toml` shows and explains every setting.
    ///
    /// # Errors
    /// [`ProfileError`] names the line.
    pub fn parse(name: &str, text: &str) -> Result<Self, ProfileError> {
        let description: Description = toml::from_str(text).map_err(|error| {
            ProfileError::at(name, text, error.span().unwrap_or_default(), error.message().to_owned())
        })?;
        description.into_profile(name, text)
    }
}

impl Description {
    /// The profile that is described. `text` is the whole text that the description was read from.
    ///
    /// # Errors
    /// [`ProfileError`] names the line in `text`.
    pub fn into_profile(self, name: &str, text: &str) -> Result<Profile, ProfileError> {
        let checked = self.check();
        let Checked { envelope, headers, timeout } =
            checked.map_err(|Problem { at, what }| ProfileError::at(name, text, at, what))?;
        Ok(Profile {
            name: name.to_owned(),
            envelope,
            body_time: self.body_time,
            content_type: self.content_type.map_or_else(|| "application/json".to_owned(), Spanned::into_inner),
            headers,
            signature: self.signature.into_inner(),
            secret: self.secret.into_inner(),
            auth: self.auth,
            success: self.success.into_inner(),
            timeout,
            retry: self.retry,
            disable: self.disable,
            event_types: self.event_types.into_iter().map(Spanned::into_inner).collect(),
        })
    }
}

impl ProfileError {
    /// `problem`, found in the bytes `at` of `text`.
    #[must_use]
    pub fn at(profile: &str, text: &str, at: Range<usize>, problem: String) -> Self {
        let before = text.get(..at.start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            profile: profile.to_owned(),
            line: 1 + before.matches('\n').count(),
            column: 1 + before.get(line_start..).unwrap_or_default().chars().count(),
            problem,
            excerpt: text.get(line_start..).and_then(|rest| rest.lines().next()).unwrap_or_default().to_owned(),
        }
    }
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { profile, line, column, problem, excerpt } = self;
        write!(f, "profile {profile:?}, line {line}, column {column}: {problem}")?;
        if excerpt.trim().is_empty() {
            return Ok(());
        }
        let margin = line.to_string().len();
        write!(f, "\n{line} | {excerpt}\n{:margin$} | {:>column$}", "", '^')
    }
}

impl std::error::Error for ProfileError {}
