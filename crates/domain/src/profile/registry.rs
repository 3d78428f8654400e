//! The profiles that there are.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use super::{Profile, ProfileError};

/// The name of the profile that tenants have unless they choose another.
pub const STANDARD: &str = "standard";

/// Built-in profiles: name and text.
const BUILT_IN: [(&str, &str); 6] = [
    (STANDARD, include_str!("standard.toml")),
    ("cloudevents", include_str!("cloudevents.toml")),
    ("govalid", include_str!("govalid.toml")),
    ("qr3", include_str!("qr3.toml")),
    ("validas", include_str!("validas.toml")),
    ("voveid", include_str!("voveid.toml")),
];

/// The longest name, in characters.
const LONGEST_NAME: usize = 64;

static BUILT_IN_PROFILES: LazyLock<Profiles> = LazyLock::new(|| {
    let parse = |(name, text)| Profile::parse(name, text).expect("built-in profiles are checked by tests");
    let named = |profile: Profile| (profile.name.clone(), Arc::new(profile));
    Profiles { by_name: BUILT_IN.map(parse).map(named).into() }
});

/// The text of a built-in profile, as an operator could write it.
#[must_use]
pub fn built_in_text(name: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// Profiles by name: the built-in ones and the operator's.
#[derive(Clone, Debug)]
pub struct Profiles {
    by_name: BTreeMap<String, Arc<Profile>>,
}

/// Why a profile cannot have its name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Webhooks refer to it already, and would be delivered by other rules.
    #[error("the name {0:?} belongs to a built-in profile; give yours another")]
    BuiltIn(String),
    /// Not the form of a name.
    #[error("a profile's name has 1 to {LONGEST_NAME} of a-z, 0-9, - and _, unlike {0:?}")]
    Form(String),
    /// There is one of this name.
    #[error("there are two profiles {0:?}")]
    Twice(String),
}

impl Profiles {
    /// The built-in ones alone.
    #[must_use]
    pub fn built_in() -> Self {
        BUILT_IN_PROFILES.clone()
    }

    /// The built-in ones and others, given as name and TOML text.
    ///
    /// # Errors
    /// [`ProfileError`] of the first one that is wrong, or that cannot have its name.
    pub fn with<'a>(others: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, ProfileError> {
        let mut profiles = Self::built_in();
        for (name, text) in others {
            let added = profiles.add(Profile::parse(name, text)?);
            added.map_err(|error| ProfileError::at(name, text, 0..0, error.to_string()))?;
        }
        Ok(profiles)
    }

    /// Adds a profile.
    ///
    /// # Errors
    /// [`NameError`] if it cannot have its name.
    pub fn add(&mut self, profile: Profile) -> Result<(), NameError> {
        let name = &profile.name;
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
        if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(fits) {
            return Err(NameError::Form(name.clone()));
        }
        if built_in_text(name).is_some() {
            return Err(NameError::BuiltIn(name.clone()));
        }
        if self.by_name.contains_key(name) {
            return Err(NameError::Twice(name.clone()));
        }
        self.by_name.insert(name.clone(), Arc::new(profile));
        Ok(())
    }

    /// The profile of that name, if there is one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<Profile>> {
        self.by_name.get(name)
    }

    /// All names, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }
}

impl Default for Profiles {
    fn default() -> Self {
        Self::built_in()
    }
}
