//! Settings: where they come from, what they mean, and what is wrong with them.

mod file;
mod sources;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fanfare_domain::profile::{Profile, ProfileError, Profiles, built_in_text};
use fanfare_domain::sealed::{Keyring, KeyringError};
use fanfare_domain::target::TargetRules;
use fanfare_embedded::StreamLimits;
use fanfare_nats::NatsSettings;
use fanfare_postgres::PostgresSettings;
use fanfare_redis::RedisSettings;
use fanfare_telemetry::{LogFormat, Signals};

use self::file::File;
use self::sources::Sources;
use crate::cli::Flags;

/// Why settings cannot be used. Each says which setting it is, what is wrong, and what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    /// Something that this command needs is not set.
    #[error("missing configuration: {}", .0.join("; "))]
    Missing(Vec<String>),
    /// A value is not of its kind.
    #[error("wrong configuration: {name} is {value:?}, which is not {expected}")]
    Value {
        /// The setting.
        name: String,
        /// What it is.
        value: String,
        /// What it must be.
        expected: String,
    },
    /// What the dashboard should look like is not right.
    #[error("wrong configuration")]
    Dashboard(#[from] fanfare_dashboard::DashboardError),
    /// The configuration file cannot be read.
    #[error("configuration file {path} cannot be read: {source}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The configuration file is not right; the message points at the line.
    #[error("configuration file {path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong and where.
        source: Box<toml::de::Error>,
    },
    /// A file that a setting names cannot be read.
    #[error("wrong configuration: {name} names {path}, which cannot be read: {source}")]
    Named {
        /// The setting.
        name: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The keys for secrets are not keys.
    #[error("wrong configuration: FANFARE_SECRETS_KEY: {0}")]
    SecretsKey(#[from] KeyringError),
    /// A profile is not right; the message points at the line.
    #[error("{path}: {source}")]
    Profile {
        /// The file that describes it.
        path: PathBuf,
        /// What is wrong and where.
        source: Box<ProfileError>,
    },
    /// No profile has this name.
    #[error("no profile is called {name:?}; there are: {known}")]
    UnknownProfile {
        /// The name.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// A backend's settings cannot be used.
    #[error("wrong configuration: {0}")]
    Backend(String),
    /// The way out to receivers is not right.
    #[error("wrong configuration: {0}")]
    Egress(String),
}

/// TLS for gRPC and REST.
#[derive(Clone, Debug)]
pub(crate) struct Tls {
    pub(crate) cert: Vec<u8>,
    pub(crate) key: Vec<u8>,
    pub(crate) client_ca: Option<Vec<u8>>,
}

/// All settings.
pub(crate) struct Settings {
    pub(crate) http_addr: SocketAddr,
    pub(crate) grpc_addr: SocketAddr,
    pub(crate) admin_addr: SocketAddr,
    pub(crate) data_dir: PathBuf,
    pub(crate) operator_key: Option<String>,
    pub(crate) secrets_key: Option<String>,
    pub(crate) nats: Option<NatsSettings>,
    pub(crate) redis: Option<RedisSettings>,
    pub(crate) postgres: Option<PostgresSettings>,
    pub(crate) targets: TargetRules,
    pub(crate) tls: Option<Tls>,
    pub(crate) extra_ca: Option<Vec<u8>>,
    pub(crate) egress_proxy: Option<String>,
    pub(crate) otlp: Signals,
    /// The name under which telemetry is filed, where it is not to be ours.
    pub(crate) otel_service: Option<String>,
    pub(crate) log_level: String,
    pub(crate) log_format: LogFormat,
    pub(crate) retention: Retention,
    pub(crate) shutdown: Shutdown,
    pub(crate) profiles: Profiles,
    pub(crate) services: ServiceConfigs,
}

/// How long things are kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Retention {
    /// Events and their data in the stream.
    pub(crate) events: Duration,
    /// Rows about what happened.
    pub(crate) attempts: Duration,
}

/// How the process goes down.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shutdown {
    /// Between turning readiness off and taking no more work.
    pub(crate) delay: Duration,
    /// The longest that work under way may take after that.
    pub(crate) drain: Duration,
}

/// Each service's own settings.
#[derive(Clone, Debug, Default)]
pub(crate) struct ServiceConfigs {
    pub(crate) embedded_limits: StreamLimits,
    pub(crate) intake: fanfare_intake::Config,
    pub(crate) ingest: fanfare_ingest::Config,
    pub(crate) router: fanfare_router::Config,
    pub(crate) worker: fanfare_worker::Config,
    pub(crate) scheduler: fanfare_scheduler::Config,
    pub(crate) logs: fanfare_logs::Config,
    pub(crate) api: fanfare_api::Config,
    pub(crate) dashboard: fanfare_dashboard::Config,
}

impl Settings {
    /// Reads flags, environment and file.
    ///
    /// # Errors
    /// [`SettingsError`] for the first that is wrong. What is missing is told by whoever needs it.
    pub(crate) fn read(flags: &Flags) -> Result<Self, SettingsError> {
        let file = File::read(flags.config.as_deref())?;
        let sources = Sources::of_process();
        Self::resolve(flags, &sources, file)
    }

    /// The profiles that there are, and how the operator described theirs: from the file alone, whatever else is set.
    ///
    /// # Errors
    /// [`SettingsError`] if the file is not right.
    pub(crate) fn profiles(flags: &Flags) -> Result<(Profiles, toml::Table), SettingsError> {
        let Some(path) = flags.config.as_deref() else { return Ok((Profiles::built_in(), toml::Table::new())) };
        let text = file::text(path)?;
        let profiles = File::parse(path, &text)?.profiles;
        let mut table: toml::Table = toml::from_str(&text)
            .map_err(|source| SettingsError::File { path: path.to_owned(), source: Box::new(source) })?;
        let described = table.remove("profiles").and_then(|described| match described {
            toml::Value::Table(described) => Some(described),
            _ => None,
        });
        Ok((profiles, described.unwrap_or_default()))
    }

    /// Reads the profile of a file of its own, whose name is the profile's, or the operator's profiles of a configuration file.
    ///
    /// # Errors
    /// [`SettingsError`] if the file cannot be read or is not right.
    pub(crate) fn profiles_of(path: &Path) -> Result<Vec<Arc<Profile>>, SettingsError> {
        let text = file::text(path)?;
        if toml::from_str::<toml::Table>(&text).is_ok_and(|table| table.contains_key("profiles")) {
            let profiles = File::parse(path, &text)?.profiles;
            let own = profiles.names().filter(|name| built_in_text(name).is_none());
            return Ok(own.filter_map(|name| profiles.get(name).cloned()).collect());
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let profile = Profile::parse(&name, &text)
            .map_err(|source| SettingsError::Profile { path: path.to_owned(), source: Box::new(source) })?;
        Ok(vec![Arc::new(profile)])
    }

    fn resolve(flags: &Flags, sources: &Sources, file: File) -> Result<Self, SettingsError> {
        let local = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let named = |name| sources.file(name);
        let secrets_key = sources.text("FANFARE_SECRETS_KEY").or(file.secrets_key);
        // Checked before anything is connected; whoever needs it reads it again.
        secrets_key.as_deref().map(Keyring::parse).transpose()?;
        Ok(Self {
            http_addr: flags.http_addr.or(file.http_addr).unwrap_or_else(|| local(8080)),
            grpc_addr: flags.grpc_addr.or(file.grpc_addr).unwrap_or_else(|| local(8081)),
            admin_addr: flags.admin_addr.or(file.admin_addr).unwrap_or_else(|| local(8082)),
            data_dir: flags.data_dir.clone().or(file.data_dir).unwrap_or_else(|| "fanfare-data".into()),
            operator_key: sources.text("FANFARE_OPERATOR_KEY").or(file.operator_key),
            secrets_key,
            nats: file.nats.with_url(sources.text("FANFARE_NATS_URL"))?,
            redis: file.redis.with_url(sources.text("FANFARE_REDIS_URL"))?,
            postgres: file.postgres.with_url(sources.text("FANFARE_POSTGRES_URL"))?,
            targets: TargetRules {
                allow_http: sources.boolean("FANFARE_ALLOW_HTTP")?.or(file.allow_http).unwrap_or(false),
                allowed_networks: sources
                    .networks("FANFARE_ALLOW_PRIVATE_TARGETS")?
                    .or(file.allow_private_targets)
                    .unwrap_or_default(),
            },
            tls: tls(sources, file.tls)?,
            extra_ca: named("FANFARE_EXTRA_CA")?.or(file::contents("extra_ca", file.extra_ca)?),
            egress_proxy: sources.text("FANFARE_EGRESS_PROXY").or(file.egress_proxy),
            otlp: signals(sources),
            otel_service: sources.text("OTEL_SERVICE_NAME"),
            log_level: sources.text("FANFARE_LOG").or(file.log.level).unwrap_or_else(|| "info".to_owned()),
            log_format: file.log.format.into(),
            retention: file.retention.into(),
            shutdown: file.shutdown.into(),
            profiles: file.profiles,
            services: ServiceConfigs {
                embedded_limits: file.embedded.bytes,
                intake: file.intake,
                ingest: file.ingest,
                router: file.router,
                worker: file.worker,
                scheduler: file.scheduler,
                logs: file.logs,
                api: file.api,
                dashboard: file.dashboard,
            },
        })
    }
}

/// What is sent over OTLP: every signal that has an endpoint and is not switched off, by the
/// [standard variables](https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/).
fn signals(sources: &Sources) -> Signals {
    let is_off = sources.text("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let is_sent = |signal: &str| {
        let of_all = sources.text("OTEL_EXPORTER_OTLP_ENDPOINT");
        let endpoint = of_all.or_else(|| sources.text(&format!("OTEL_EXPORTER_OTLP_{signal}_ENDPOINT")));
        !is_off && endpoint.is_some() && sources.text(&format!("OTEL_{signal}_EXPORTER")).as_deref() != Some("none")
    };
    Signals { traces: is_sent("TRACES"), metrics: is_sent("METRICS"), logs: is_sent("LOGS") }
}

fn tls(sources: &Sources, file: Option<file::TlsFiles>) -> Result<Option<Tls>, SettingsError> {
    let file = file.unwrap_or_default();
    let cert = sources.file("FANFARE_TLS_CERT")?.or(file::contents("tls.cert", file.cert)?);
    let key = sources.file("FANFARE_TLS_KEY")?.or(file::contents("tls.key", file.key)?);
    let client_ca = sources.file("FANFARE_TLS_CLIENT_CA")?.or(file::contents("tls.client_ca", file.client_ca)?);
    let missing = |name: &str, other: &str| SettingsError::Missing(vec![format!("{name} (because {other} is set)")]);
    match (cert, key, client_ca) {
        (Some(cert), Some(key), client_ca) => Ok(Some(Tls { cert, key, client_ca })),
        (None, None, None) => Ok(None),
        (None, Some(_), _) => Err(missing("FANFARE_TLS_CERT", "FANFARE_TLS_KEY")),
        (Some(_), None, _) => Err(missing("FANFARE_TLS_KEY", "FANFARE_TLS_CERT")),
        (None, None, Some(_)) => Err(missing("FANFARE_TLS_CERT", "FANFARE_TLS_CLIENT_CA")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(environment: &[(&str, &str)], file: &str) -> Result<Settings, SettingsError> {
        let sources = Sources::of_pairs(environment);
        let file = File::parse("fanfare.toml".as_ref(), file)?;
        Settings::resolve(&Flags::default(), &sources, file)
    }

    /// What the documented file says of everything but addresses, told apart by section.
    fn sections(text: &str) -> Vec<String> {
        let file = File::parse("fanfare.toml".as_ref(), text).expect("valid");
        let url = || Some("url".to_owned());
        vec![
            format!("{:?} {:?} {:?}", file.log, file.retention, file.shutdown),
            format!("{:?}", file.nats.with_url(url()).expect("valid")),
            format!("{:?}", file.redis.with_url(url()).expect("valid")),
            format!("{:?}", file.postgres.with_url(url()).expect("valid")),
            format!("{:?} {:?} {:?} {:?}", file.embedded, file.intake, file.ingest, file.router),
            format!("{:?} {:?} {:?} {:?}", file.worker, file.scheduler, file.logs, file.api),
        ]
    }

    #[test]
    fn the_documented_file_says_what_holds_without_it() {
        let documented = include_str!("../../../deploy/fanfare.toml");
        let without_level = documented.replace("level = \"info\"", "");
        assert_eq!(sections(&without_level), sections(""));
    }

    fn refusal(environment: &[(&str, &str)], file: &str) -> String {
        match resolve(environment, file) {
            Ok(_) => panic!("accepted"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn nothing_set_gives_the_documented_defaults() {
        let settings = resolve(&[], "").expect("defaults are right");
        assert_eq!(settings.http_addr.to_string(), "127.0.0.1:8080");
        assert_eq!(settings.grpc_addr.to_string(), "127.0.0.1:8081");
        assert_eq!(settings.admin_addr.to_string(), "127.0.0.1:8082");
        assert_eq!(settings.retention.events, Duration::from_secs(7 * 86_400));
        assert_eq!(settings.retention.attempts, Duration::from_secs(30 * 86_400));
        assert!(!settings.targets.allow_http);
        assert!(settings.targets.allowed_networks.is_empty());
    }

    #[test]
    fn what_has_an_endpoint_is_sent_unless_it_is_switched_off() {
        let sent = |environment: &[(&str, &str)]| resolve(environment, "").expect("right").otlp;
        let all = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317");
        assert_eq!(sent(&[]), Signals::default());
        assert_eq!(sent(&[all]), Signals { traces: true, metrics: true, logs: true });
        assert_eq!(sent(&[all, ("OTEL_SDK_DISABLED", "true")]), Signals::default());
        let without = sent(&[all, ("OTEL_LOGS_EXPORTER", "none"), ("OTEL_METRICS_EXPORTER", "none")]);
        assert_eq!(without, Signals { traces: true, ..Signals::default() });
        let one = sent(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://collector:4317")]);
        assert_eq!(one, Signals { traces: true, ..Signals::default() });
    }

    #[test]
    fn the_environment_beats_the_file() {
        let file = "allow_http = false\nallow_private_targets = [\"10.0.0.0/8\"]\n[redis]\nurl = \"redis://file\"";
        let environment = [
            ("FANFARE_ALLOW_HTTP", "true"),
            ("FANFARE_ALLOW_PRIVATE_TARGETS", "127.0.0.0/8, ::1/128"),
            ("FANFARE_REDIS_URL", "redis://environment"),
        ];
        let settings = resolve(&environment, file).expect("right");
        assert!(settings.targets.allow_http);
        assert_eq!(settings.targets.allowed_networks.len(), 2);
        assert_eq!(settings.redis.expect("set").url, "redis://environment");
    }

    #[test]
    fn what_is_wrong_is_named_with_what_it_should_be() {
        let message = refusal(&[("FANFARE_ALLOW_HTTP", "maybe")], "");
        assert!(message.contains("FANFARE_ALLOW_HTTP") && message.contains("true or false"), "{message}");
        let message = refusal(&[("FANFARE_ALLOW_PRIVATE_TARGETS", "10.0.0.300")], "");
        assert!(message.contains("FANFARE_ALLOW_PRIVATE_TARGETS"), "{message}");
        let message = refusal(&[], "[worker]\nin_flght = 3");
        assert!(message.contains("line 2") && message.contains("in_flght"), "{message}");
        let message = refusal(&[("FANFARE_TLS_CERT", "/nonexistent")], "");
        assert!(message.contains("FANFARE_TLS_CERT") && message.contains("/nonexistent"), "{message}");
    }

    const MINE: &str = r#"
timeout = "5s"
success = { from = 200, to = 299 }
headers = [{ name = "X-Signature", shows = "signature" }]
signature = { scheme = "sha256_hex", holds = "one" }
secret = { key = "text", origin = "given" }
retry = { delays = ["0s", "1m"] }
"#;

    #[test]
    fn the_operators_profiles_stand_beside_the_built_in_ones() {
        let settings = resolve(&[], &format!("allow_http = true\n[profiles.mine]{MINE}")).expect("right");
        assert!(settings.profiles.get("mine").is_some() && settings.profiles.get("standard").is_some());
        // Tables may be spread out, as in any TOML file.
        let spread = MINE.replace("retry = { delays = [\"0s\", \"1m\"] }", "");
        let file = format!("[profiles.mine]{spread}[worker]\n[profiles.mine.retry]\ndelays = [\"0s\"]");
        let profiles = resolve(&[], &file).expect("right").profiles;
        assert_eq!(profiles.get("mine").expect("there").retry.delays().len(), 1);
    }

    #[test]
    fn a_built_in_profiles_text_can_stand_in_the_file() {
        let built_in = Profiles::built_in();
        for name in built_in.names() {
            let text = built_in_text(name).expect("built in");
            let settings = resolve(&[], &format!("[profiles.mine]\n{text}")).expect("right");
            let mine =
                Profile { name: name.to_owned(), ..Profile::clone(settings.profiles.get("mine").expect("there")) };
            assert_eq!(Some(&mine), built_in.get(name).map(AsRef::as_ref));
        }
    }

    #[test]
    fn a_wrong_profile_is_found_on_its_line_of_the_file() {
        let file = |name: &str, from: &str, to: &str| {
            format!("allow_http = true\n\n[profiles.{name}]{}", MINE.replace(from, to))
        };
        for (text, named) in [
            (
                file("mine", "\"5s\"", "\"31s\""),
                vec!["fanfare.toml: profile \"mine\", line 4, column 11:", "timeout = "],
            ),
            (file("mine", "\"5s\"", "\"soon\""), vec!["fanfare.toml", "line 4, column 11", "timeout = "]),
            (file("mine", "timeout", "tiemout"), vec!["fanfare.toml", "line 4, column 1", "tiemout", "`timeout`"]),
            (file("mine", "to = 299", "to = 1"), vec!["line 5, column 11", "100 <= from <= to"]),
            (file("mine", "\"1m\"", "\"25h\""), vec!["line 9, column", "delay 2 is 25h", "retry = "]),
            (file("qr3", "", ""), vec!["line 3, column 11", "belongs to a built-in profile"]),
            (file("Mine", "", ""), vec!["line 3, column 11", "a-z, 0-9"]),
        ] {
            let message = refusal(&[], &text);
            for name in named {
                assert!(message.contains(name), "{name}: {message}");
            }
        }
    }
}
