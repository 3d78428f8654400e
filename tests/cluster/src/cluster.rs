//! The running system.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use crate::{Backends, ClusterBuilder, Ended, Family, Figures, HttpClient, Process, Publisher, Rest, Service, Tenant};

/// A change of the configuration is in force this long after its answer, in the distributed system.
const IN_FORCE_AFTER: Duration = Duration::from_secs(1);
const MIGRATE_LIMIT: Duration = Duration::from_secs(60);

/// The whole system. Dropping it kills its processes and removes its data; where the test failed, it prints the ends of the
/// processes' logs and keeps the folder.
#[derive(Debug)]
pub struct Cluster {
    family: Family,
    /// REST with the operator's key and no tenant.
    pub rest: Rest,
    /// The servers below; none in the embedded family.
    pub backends: Option<Backends>,
    settings: BTreeMap<String, String>,
    client: HttpClient,
    grpc: String,
    operator_key: String,
    processes: Vec<(Service, Process)>,
    /// How many processes there have been: the next one's number, so that each has a log of its own.
    described: usize,
    folder: Option<TempDir>,
}

impl Cluster {
    /// Starts a system with one process of each service, which may post to this machine.
    ///
    /// # Panics
    /// If it does not come up.
    pub async fn start(family: Family) -> Self {
        Self::of(family).start().await
    }

    /// Describes a system.
    #[must_use]
    pub fn of(family: Family) -> ClusterBuilder {
        ClusterBuilder::new(family)
    }

    #[expect(clippy::too_many_arguments, reason = "called once, by the builder, with what it has made")]
    pub(crate) fn new(
        family: Family,
        settings: BTreeMap<String, String>,
        folder: TempDir,
        client: HttpClient,
        rest: Rest,
        grpc: String,
        operator_key: String,
        processes: Vec<(Service, Process)>,
        backends: Option<Backends>,
    ) -> Self {
        let described = processes.len();
        Self {
            family,
            rest,
            backends,
            settings,
            client,
            grpc,
            operator_key,
            processes,
            described,
            folder: Some(folder),
        }
    }

    /// Which family it is.
    #[must_use]
    pub fn family(&self) -> Family {
        self.family
    }

    /// The servers below.
    ///
    /// # Panics
    /// In the embedded family, which has none.
    pub fn backends(&mut self) -> &mut Backends {
        self.backends.as_mut().expect("the distributed system has backends")
    }

    /// The client that REST is called with.
    #[must_use]
    pub fn client(&self) -> HttpClient {
        self.client.clone()
    }

    /// The operator's key.
    #[must_use]
    pub fn operator_key(&self) -> &str {
        &self.operator_key
    }

    /// Where gRPC is, as `http://host:port`.
    #[must_use]
    pub fn grpc(&self) -> &str {
        &self.grpc
    }

    /// A publisher with `key`.
    #[must_use]
    pub fn publisher(&self, key: &str) -> Publisher {
        Publisher::new(&self.grpc, key)
    }

    /// Creates a tenant.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn tenant(&self, id: &str) -> Tenant {
        let reply = self.rest.put(&format!("/v1/tenants/{id}"), json!({})).await;
        assert!(reply.status.is_success(), "tenant {id}: {} {}", reply.status, reply.body);
        Tenant { id: id.to_owned(), rest: self.rest.for_tenant(id), publisher: self.publisher(&self.operator_key) }
    }

    /// Waits until all that was changed is in force, which is promised and told by nobody: at once in `standalone`, within a
    /// second in the distributed system.
    pub async fn in_force(&self) {
        if self.family == Family::Distributed {
            tokio::time::sleep(IN_FORCE_AFTER).await;
        }
    }

    /// The processes of a service, or the one that has it.
    fn of_service(&mut self, service: Service) -> impl Iterator<Item = &mut Process> {
        self.processes
            .iter_mut()
            .filter(move |(found, _)| *found == service || *found == Service::Standalone)
            .map(|(_, process)| process)
    }

    /// Each running process: its service's name or its server's, and its id. A service with several processes comes as often.
    pub fn pids(&self) -> impl Iterator<Item = (&'static str, u32)> {
        let services = self.processes.iter().filter_map(|(service, process)| Some((service.name(), process.pid()?)));
        services.chain(self.backends.iter().flat_map(Backends::pids))
    }

    /// The first process of a service, or the one that has it.
    ///
    /// # Panics
    /// If there is none.
    pub fn process(&mut self, service: Service) -> &mut Process {
        self.of_service(service).next().expect("each system has one")
    }

    /// What the first process of a service, or the one that has it, tells on `/metrics`.
    ///
    /// # Panics
    /// If it does not.
    pub async fn figures(&self, service: Service) -> Figures {
        let mut processes = self.processes.iter();
        let found = processes.find(|(found, _)| *found == service || *found == Service::Standalone);
        let (_, process) = found.expect("each system has one");
        let url = format!("http://{}/metrics", process.setting("FANFARE_ADMIN_ADDR"));
        let answer = self.client.get(&url).send().await.and_then(reqwest::Response::error_for_status);
        let text = answer.expect("it answers").text().await.expect("it is text");
        Figures::of(&text)
    }

    /// Kills all processes of a service (SIGKILL); in the embedded family, the process.
    pub async fn kill(&mut self, service: Service) {
        for process in self.of_service(service) {
            process.kill().await;
        }
    }

    /// Starts the processes of a service again, and waits until they are ready.
    pub async fn start_again(&mut self, service: Service) {
        let client = self.client.clone();
        for process in self.of_service(service) {
            process.start();
        }
        for process in self.of_service(service) {
            process.ready(&client).await;
        }
    }

    /// Starts the processes of a service again without waiting for them.
    pub fn launch(&mut self, service: Service) {
        self.of_service(service).for_each(Process::start);
    }

    /// Waits until every process is ready.
    pub async fn ready(&mut self) {
        for (_, process) in &mut self.processes {
            process.ready(&self.client).await;
        }
    }

    /// What each process of a service has as this setting, the oldest first.
    pub fn settings(&self, service: Service, name: &str) -> Vec<String> {
        let of_service = self.processes.iter().filter(|(found, _)| *found == service);
        of_service.map(|(_, process)| process.setting(name).to_owned()).collect()
    }

    /// Starts one more process of a service, and waits until it is ready.
    pub async fn add(&mut self, service: Service) {
        let mut process = Process::of(service, self.described, &self.settings, self.folder());
        self.described += 1;
        process.start();
        process.ready(&self.client).await;
        self.processes.push((service, process));
    }

    /// Takes the oldest process of a service out of the system as it is, for the test to end it.
    ///
    /// # Panics
    /// If there is none.
    pub fn take_oldest(&mut self, service: Service) -> Process {
        let place = self.processes.iter().position(|(found, _)| *found == service);
        self.processes.remove(place.expect("there is one")).1
    }

    /// Asks every process to end; gives each one's name and how it ended.
    pub async fn terminate(&mut self, limit: Duration) -> Vec<(String, Ended)> {
        for (_, process) in &self.processes {
            process.signal("-TERM").await;
        }
        let mut ended = Vec::new();
        for (_, process) in &mut self.processes {
            ended.push((process.name().to_owned(), process.ended(limit).await));
        }
        ended
    }

    /// Runs a subcommand beside the system, with its settings and further arguments; gives how it ended and what it printed.
    pub async fn run(&self, name: &str, arguments: &[&str], limit: Duration) -> (Ended, String) {
        let log = self.folder().join(format!("{name}.log"));
        let mut process = Process::new(name, arguments, self.settings.clone(), &log);
        process.start();
        let ended = process.ended(limit).await;
        (ended, process.log())
    }

    /// Puts these lines into the configuration file, in place of those before; who starts from now on reads them.
    ///
    /// # Panics
    /// If the system was described without a file.
    pub fn configure(&self, lines: &str) {
        let path = self.settings.get("FANFARE_CONFIG").expect("the system was described with a file");
        std::fs::write(path, lines).expect("a file can be written");
    }

    /// Runs `fanfare migrate`.
    ///
    /// # Panics
    /// If it fails.
    pub async fn migrate(&self) {
        let (ended, log) = self.run("migrate", &["migrate"], MIGRATE_LIMIT).await;
        assert!(ended.status.success(), "fanfare migrate: {}\n{log}", ended.status);
    }

    pub(crate) async fn start_all(&mut self) {
        for (_, process) in &mut self.processes {
            process.start();
        }
        self.ready().await;
    }

    fn folder(&self) -> &std::path::Path {
        self.folder.as_ref().expect("it lasts as long as the system").path()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        for (_, process) in &self.processes {
            eprintln!("--- {} ---\n{}", process.name(), process.log_tail());
        }
        if let Some(folder) = self.folder.take() {
            eprintln!("--- logs and data are kept in {} ---", folder.keep().display());
        }
    }
}
