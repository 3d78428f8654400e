//! The profiles that there are.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use super::{Profile, ProfileError};

/// The name of the profile that tenants have unless they choose another.
pub const STANDARD: &str = "standard";

/// Built-in profiles: name and text.
const BUILT_IN: [(&str, &str); 1] = [(STANDARD, include_str!("standard.toml"))];

static BUILT_IN_PROFILES: LazyLock<Profiles> = LazyLock::new(|| {
    let mut profiles = Profiles { by_name: BTreeMap::new() };
    for (name, text) in BUILT_IN {
        profiles.add(Profile::parse(name, text).expect("built-in profiles are checked by tests"));
    }
    profiles
});

/// Profiles by name: the built-in ones and the operator's.
#[derive(Clone, Debug)]
pub struct Profiles {
    by_name: BTreeMap<String, Arc<Profile>>,
}

impl Profiles {
    /// The built-in ones alone.
    #[must_use]
    pub fn built_in() -> Self {
        BUILT_IN_PROFILES.clone()
    }

    /// The built-in ones and others, given as name and TOML text. One with a built-in name takes its place.
    ///
    /// # Errors
    /// [`ProfileError`] of the first one that is wrong.
    pub fn with<'a>(others: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, ProfileError> {
        let mut profiles = Self::built_in();
        for (name, text) in others {
            profiles.add(Profile::parse(name, text)?);
        }
        Ok(profiles)
    }

    fn add(&mut self, profile: Profile) {
        self.by_name.insert(profile.name.clone(), Arc::new(profile));
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
