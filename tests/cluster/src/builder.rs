//! How a system is described before it is started.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;

use crate::{Backends, Cluster, Family, Process, Rest, Service, http_client};

/// A system that is not started yet. It may post to this machine, unless a setting says otherwise.
#[derive(Debug)]
pub struct ClusterBuilder {
    family: Family,
    settings: BTreeMap<String, String>,
    file: String,
    instances: Vec<(Service, usize)>,
    as_deployed: bool,
}

impl ClusterBuilder {
    pub(crate) fn new(family: Family) -> Self {
        let settings = [
            ("FANFARE_OPERATOR_KEY", format!("operator-{:032x}", rand::random::<u128>())),
            ("FANFARE_SECRETS_KEY", STANDARD.encode(rand::random::<[u8; 32]>())),
            ("FANFARE_ALLOW_HTTP", "true".to_owned()),
            ("FANFARE_ALLOW_PRIVATE_TARGETS", "127.0.0.0/8,::1/128".to_owned()),
            ("RUST_BACKTRACE", "1".to_owned()),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value)).into();
        Self { family, settings, file: String::new(), instances: Vec::new(), as_deployed: false }
    }

    /// With an environment variable.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.settings.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Without an environment variable that is set otherwise.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.settings.remove(name);
        self
    }

    /// With these lines in the configuration file.
    #[must_use]
    pub fn file(mut self, lines: &str) -> Self {
        self.file.push_str(lines);
        self.file.push('\n');
        self
    }

    /// With several processes of a service; in the embedded family one process is all.
    #[must_use]
    pub fn instances(mut self, service: Service, number: usize) -> Self {
        self.instances.push((service, number));
        self
    }

    /// With servers as our files in `deploy` set them up, instead of ones that sync no more than tests need.
    #[must_use]
    pub fn as_deployed(mut self) -> Self {
        self.as_deployed = true;
        self
    }

    /// Starts it and waits until every process is ready.
    ///
    /// # Panics
    /// If a backend or process does not come up; the message has the end of its log.
    pub async fn start(mut self) -> Cluster {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let backends = match self.family {
            Family::Embedded => None,
            Family::Distributed if self.as_deployed => Some(Backends::start_as_deployed().await),
            Family::Distributed => Some(Backends::start().await),
        };
        self.set_places(&folder, backends.as_ref());
        let client = http_client();
        let mut processes = Vec::new();
        for &service in self.family.services() {
            for number in 0..self.number_of(service) {
                processes.push((service, Process::of(service, number, &self.settings, folder.path())));
            }
        }
        let of = |wanted: &[Service], setting: &str| {
            let found = processes.iter().find(|(service, _)| wanted.contains(service));
            found.map(|(_, process)| format!("http://{}", process.setting(setting))).expect("each system has one")
        };
        let http = of(&[Service::Api, Service::Standalone], "FANFARE_HTTP_ADDR");
        let grpc = of(&[Service::Ingest, Service::Standalone], "FANFARE_GRPC_ADDR");
        let key = self.settings.get("FANFARE_OPERATOR_KEY").cloned().unwrap_or_default();
        let rest = Rest::new(client.clone(), &http, &key);
        let mut cluster =
            Cluster::new(self.family, self.settings, folder, client, rest, grpc, key, processes, backends);
        if self.family == Family::Distributed {
            cluster.migrate().await;
        }
        cluster.start_all().await;
        cluster
    }

    fn number_of(&self, service: Service) -> usize {
        self.instances.iter().find(|(found, _)| *found == service).map_or(1, |(_, number)| *number)
    }

    fn set_places(&mut self, folder: &TempDir, backends: Option<&Backends>) {
        let mut set = |name: &str, value: String| {
            self.settings.entry(name.to_owned()).or_insert(value);
        };
        set("FANFARE_DATA_DIR", folder.path().join("data").display().to_string());
        if let Some(backends) = backends {
            set("FANFARE_NATS_URL", backends.nats.url());
            set("FANFARE_REDIS_URL", backends.redis.url());
            set("FANFARE_POSTGRES_URL", backends.postgres.url());
        }
        if !self.file.is_empty() {
            let path = folder.path().join("fanfare.toml");
            std::fs::write(&path, &self.file).expect("a file can be written");
            self.settings.insert("FANFARE_CONFIG".to_owned(), path.display().to_string());
        }
    }
}
