//! The process's environment, read here alone.

use std::collections::HashMap;
use std::path::PathBuf;

use ipnet::IpNet;

use super::SettingsError;

/// Environment variables. Empty ones count as not set.
pub(super) struct Sources(HashMap<String, String>);

impl Sources {
    pub(super) fn of_process() -> Self {
        // Variables that are not UTF-8 are none of ours.
        let pairs =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self(pairs.collect())
    }

    #[cfg(test)]
    pub(super) fn of_pairs(pairs: &[(&str, &str)]) -> Self {
        Self(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.0.get(name).filter(|value| !value.is_empty()).cloned()
    }

    pub(super) fn boolean(&self, name: &str) -> Result<Option<bool>, SettingsError> {
        match self.text(name).as_deref() {
            None => Ok(None),
            Some("true" | "1" | "yes" | "on") => Ok(Some(true)),
            Some("false" | "0" | "no" | "off") => Ok(Some(false)),
            Some(other) => Err(wrong(name, other, "true or false")),
        }
    }

    pub(super) fn networks(&self, name: &str) -> Result<Option<Vec<IpNet>>, SettingsError> {
        let Some(list) = self.text(name) else { return Ok(None) };
        list.split(',')
            .map(str::trim)
            .map(|text| text.parse().map_err(|_| wrong(name, text, "a network such as 10.0.0.0/8 or ::1/128")))
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// The contents of the file that the variable names.
    pub(super) fn file(&self, name: &'static str) -> Result<Option<Vec<u8>>, SettingsError> {
        let Some(path) = self.text(name).map(PathBuf::from) else { return Ok(None) };
        std::fs::read(&path).map(Some).map_err(|source| SettingsError::Named { name, path, source })
    }
}

fn wrong(name: &str, value: &str, expected: &str) -> SettingsError {
    SettingsError::Value { name: name.to_owned(), value: value.to_owned(), expected: expected.to_owned() }
}
