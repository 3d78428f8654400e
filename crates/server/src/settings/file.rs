//! The configuration file.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fanfare_domain::profile::{Description, ProfileError, Profiles};
use fanfare_embedded::StreamLimits;
use fanfare_nats::NatsSettings;
use fanfare_postgres::PostgresSettings;
use fanfare_redis::RedisSettings;
use fanfare_telemetry::LogFormat;
use ipnet::IpNet;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;

use super::{Retention, SettingsError, Shutdown};

/// What the file may say. All of it is optional, and nothing else is allowed.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct File {
    pub(super) http_addr: Option<SocketAddr>,
    pub(super) grpc_addr: Option<SocketAddr>,
    pub(super) admin_addr: Option<SocketAddr>,
    pub(super) data_dir: Option<PathBuf>,
    pub(super) operator_key: Option<String>,
    pub(super) secrets_key: Option<String>,
    pub(super) allow_private_targets: Option<Vec<IpNet>>,
    pub(super) allow_http: Option<bool>,
    pub(super) tls: Option<TlsFiles>,
    pub(super) extra_ca: Option<PathBuf>,
    pub(super) egress_proxy: Option<String>,
    pub(super) log: LogSection,
    pub(super) retention: RetentionSection,
    pub(super) shutdown: ShutdownSection,
    pub(super) nats: Backend<NatsSettings>,
    pub(super) redis: Backend<RedisSettings>,
    pub(super) postgres: Backend<PostgresSettings>,
    pub(super) embedded: Embedded,
    pub(super) intake: fanfare_intake::Config,
    pub(super) ingest: fanfare_ingest::Config,
    pub(super) router: fanfare_router::Config,
    pub(super) worker: fanfare_worker::Config,
    pub(super) scheduler: fanfare_scheduler::Config,
    pub(super) logs: fanfare_logs::Config,
    pub(super) api: fanfare_api::Config,
    pub(super) dashboard: fanfare_dashboard::Config,
    /// The operator's profiles by name, as they are written.
    #[serde(rename = "profiles")]
    described: BTreeMap<Spanned<String>, Description>,
    /// The built-in profiles and the operator's.
    #[serde(skip)]
    pub(super) profiles: Profiles,
}

/// Where TLS certificates and keys lie, as PEM files.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct TlsFiles {
    pub(super) cert: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
    pub(super) client_ca: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct LogSection {
    pub(super) level: Option<String>,
    pub(super) format: Format,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    #[default]
    Json,
    Text,
}

impl From<Format> for LogFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Json => Self::Json,
            Format::Text => Self::Text,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RetentionSection {
    #[serde(with = "humantime_serde")]
    events: Duration,
    #[serde(with = "humantime_serde")]
    attempts: Duration,
}

const DAY: Duration = Duration::from_secs(86_400);

impl Default for RetentionSection {
    fn default() -> Self {
        Self { events: DAY * 7, attempts: DAY * 30 }
    }
}

impl From<RetentionSection> for Retention {
    fn from(section: RetentionSection) -> Self {
        Self { events: section.events, attempts: section.attempts }
    }
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ShutdownSection {
    #[serde(with = "humantime_serde")]
    delay: Duration,
    #[serde(with = "humantime_serde")]
    drain: Duration,
}

impl Default for ShutdownSection {
    fn default() -> Self {
        Self { delay: Duration::from_millis(250), drain: Duration::from_secs(30) }
    }
}

impl From<ShutdownSection> for Shutdown {
    fn from(section: ShutdownSection) -> Self {
        Self { delay: section.delay, drain: section.drain }
    }
}

/// The embedded storage of standalone.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Embedded {
    pub(super) bytes: StreamLimits,
}

/// A backend's section, whose address may come from elsewhere.
#[derive(Debug)]
pub(super) struct Backend<T> {
    table: toml::Table,
    settings: std::marker::PhantomData<T>,
}

impl<T> Default for Backend<T> {
    fn default() -> Self {
        Self { table: toml::Table::new(), settings: std::marker::PhantomData }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Backend<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let table = toml::Table::deserialize(deserializer)?;
        // Checked at once, so that the error points into the file; the address may still be missing.
        let mut complete = table.clone();
        complete.entry("url").or_insert_with(|| String::new().into());
        T::deserialize(complete).map_err(serde::de::Error::custom)?;
        Ok(Self { table, settings: std::marker::PhantomData })
    }
}

impl<T: DeserializeOwned> Backend<T> {
    /// The settings, if there is an address; `url` beats the file's.
    pub(super) fn with_url(mut self, url: Option<String>) -> Result<Option<T>, SettingsError> {
        if let Some(url) = url {
            self.table.insert("url".to_owned(), url.into());
        }
        if !self.table.contains_key("url") {
            return Ok(None);
        }
        T::deserialize(self.table)
            .map(Some)
            .map_err(|source| SettingsError::File { path: "settings".into(), source: Box::new(source) })
    }
}

impl File {
    pub(super) fn read(path: Option<&Path>) -> Result<Self, SettingsError> {
        let Some(path) = path else { return Ok(Self::default()) };
        Self::parse(path, &text(path)?)
    }

    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, SettingsError> {
        let mut file: Self = toml::from_str(text)
            .map_err(|source| SettingsError::File { path: path.to_owned(), source: Box::new(source) })?;
        for (name, description) in std::mem::take(&mut file.described) {
            let wrong = |source| SettingsError::Profile { path: path.to_owned(), source: Box::new(source) };
            let profile = description.into_profile(name.get_ref(), text).map_err(wrong)?;
            let added = file.profiles.add(profile);
            added.map_err(|error| wrong(ProfileError::at(name.get_ref(), text, name.span(), error.to_string())))?;
        }
        Ok(file)
    }
}

/// The text of a configuration file.
pub(super) fn text(path: &Path) -> Result<String, SettingsError> {
    std::fs::read_to_string(path).map_err(|source| SettingsError::Read { path: path.to_owned(), source })
}

/// The contents of the file that the setting `name` of the configuration file names.
pub(super) fn contents(name: &'static str, path: Option<PathBuf>) -> Result<Option<Vec<u8>>, SettingsError> {
    path.map(|path| std::fs::read(&path).map_err(|source| SettingsError::Named { name, path, source })).transpose()
}
