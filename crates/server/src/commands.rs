//! What each subcommand does.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use fanfare_ports::clock::{SharedClock, SystemClock};
use fanfare_telemetry::{LogFormat, Settings as TelemetrySettings, Telemetry};
use tokio::net::TcpListener;

use crate::cli::{Cli, Command};
use crate::ports::{Ports, open_embedded, require};
use crate::readiness::Readiness;
use crate::services::{Needs, Service, Shared};
use crate::settings::Settings;
use crate::supervisor::Supervisor;
use crate::{Failure, admin, demo, keys, metrics, profiles};

/// Runs the subcommand.
pub(crate) async fn run(cli: Cli) -> Result<(), Failure> {
    match &cli.command {
        Command::Openapi => {
            println!("{}", fanfare_api::openapi());
            return Ok(());
        }
        Command::Profiles(command) => {
            print!("{}", profiles::told(command, &cli.flags)?);
            return Ok(());
        }
        _ => {}
    }
    let settings = Settings::read(&cli.flags)?;
    match cli.command {
        Command::Standalone { demo } => standalone(settings, demo).await,
        Command::Migrate => migrate(settings).await,
        Command::Demo => demo::on_running_system(&settings).await,
        Command::Openapi | Command::Profiles(_) => Ok(()),
        command @ (Command::Ingest
        | Command::Router
        | Command::Worker
        | Command::Scheduler
        | Command::Logs
        | Command::Api) => match command.service() {
            Some(service) => distributed(settings, service).await,
            None => Ok(()),
        },
    }
}

async fn distributed(settings: Settings, service: Service) -> Result<(), Failure> {
    require(service.name(), service.needs(), &settings)?;
    let clock: SharedClock = Arc::new(SystemClock);
    let telemetry = telemetry(&settings, service.name())?;
    let readiness = Readiness::default();
    let mut supervisor = Supervisor::new();
    serve_admin(&settings, &telemetry, &readiness, service.name(), &mut supervisor).await?;
    let shutdown = settings.shutdown;
    let connecting = Ports::connect(service, &settings, &clock, &readiness);
    let Some(ports) = supervisor.unless_signalled(connecting).await? else { return Ok(()) };
    let mut shared = Shared::new(settings, ports?, Arc::clone(&clock), readiness.clone(), &mut supervisor);
    shared.start(service, &mut supervisor).await?;
    readiness.running();
    tracing::info!(service = service.name(), "started");
    supervisor.supervise(&readiness, shutdown, &clock).await
}

async fn standalone(mut settings: Settings, with_demo: bool) -> Result<(), Failure> {
    let clock: SharedClock = Arc::new(SystemClock);
    if with_demo {
        demo::prepare(&mut settings);
    }
    let telemetry = telemetry(&settings, "standalone")?;
    let readiness = Readiness::default();
    let mut supervisor = Supervisor::new();
    let embedded = open_embedded(&settings, &clock).await?;
    let in_data_dir = |error| Failure::run(format!("cannot keep keys in {}", settings.data_dir.display()), error);
    if settings.operator_key.is_none() {
        settings.operator_key = Some(keys::operator_key(&settings.data_dir).map_err(in_data_dir)?);
    }
    if settings.secrets_key.is_none() {
        settings.secrets_key = Some(keys::secrets_key(&settings.data_dir).map_err(in_data_dir)?);
    }
    serve_admin(&settings, &telemetry, &readiness, "standalone", &mut supervisor).await?;
    let shutdown = settings.shutdown;
    let ports = Ports::embedded(&embedded);
    let sign_in = sign_in_address(&settings, &ports, &clock).await?;
    let demo = with_demo.then(|| demo::Demo::of(&settings)).transpose()?;
    let mut shared = Shared::new(settings, ports, Arc::clone(&clock), readiness.clone(), &mut supervisor);
    for service in Service::all() {
        shared.start(service, &mut supervisor).await?;
    }
    readiness.running();
    tracing::info!(service = "standalone", "started");
    println!("Dashboard: {sign_in}");
    println!("           (this address signs you in once, within {} minutes)", SIGN_IN_WITHIN.as_secs() / 60);
    if let Some(demo) = demo {
        supervisor.run("demo", demo.run_beside(supervisor.stop.clone()));
    }
    let outcome = supervisor.supervise(&readiness, shutdown, &clock).await;
    embedded.close().await;
    outcome
}

/// Where whoever started this system finds its dashboard, and is let in without a key.
async fn sign_in_address(settings: &Settings, ports: &Ports, clock: &SharedClock) -> Result<String, Failure> {
    let key = settings.operator_key.as_deref().unwrap_or_default();
    let (sessions, session) = (ports.store()?.sessions, settings.services.api.session);
    let path = fanfare_api::make_sign_in_link(&*sessions, key, clock.now(), SIGN_IN_WITHIN, session);
    let path = path.await.map_err(|error| Failure::run("cannot make a link into the dashboard", error))?;
    let scheme = if settings.tls.is_some() { "https" } else { "http" };
    let here = || format!("{scheme}://{}", settings.http_addr);
    let base =
        settings.services.api.public_url.as_deref().map_or_else(here, |url| url.trim_end_matches('/').to_owned());
    Ok(format!("{base}{path}"))
}

async fn migrate(settings: Settings) -> Result<(), Failure> {
    require("migrate", Needs { nats: true, postgres: true, ..Needs::default() }, &settings)?;
    let _telemetry = telemetry(&settings, "migrate")?;
    if let (Some(postgres), Some(nats)) = (&settings.postgres, &settings.nats) {
        fanfare_postgres::migrate(postgres).await.map_err(|error| Failure::run("cannot prepare Postgres", error))?;
        fanfare_nats::migrate(nats).await.map_err(|error| Failure::run("cannot prepare the streams", error))?;
    }
    println!("Postgres and the streams are prepared.");
    Ok(())
}

fn telemetry(settings: &Settings, service: &str) -> Result<Telemetry, Failure> {
    Telemetry::start(&TelemetrySettings {
        level: settings.log_level.clone(),
        format: settings.log_format,
        otlp: settings.otlp,
        service: settings.otel_service.clone().unwrap_or_else(|| format!("fanfare-{service}")),
        version: env!("CARGO_PKG_VERSION"),
    })
    .map_err(|error| Failure::run("cannot start logs", error))
}

/// Serves the admin address for as long as the process lives.
async fn serve_admin(
    settings: &Settings,
    telemetry: &Telemetry,
    readiness: &Readiness,
    service: &'static str,
    supervisor: &mut Supervisor,
) -> Result<(), Failure> {
    let addr = settings.admin_addr;
    let listener = TcpListener::bind(addr).await.map_err(|error| {
        Failure::run(format!("cannot listen on {addr} (choose another with FANFARE_ADMIN_ADDR)"), error)
    })?;
    metrics::tell(service, readiness.clone());
    let router: Router = admin::admin(readiness.clone(), telemetry.level(), telemetry.figures());
    let stop = supervisor.stop_background.clone();
    supervisor.run_background(async move {
        let serving = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned());
        if let Err(error) = serving.await {
            tracing::error!(%error, "admin address is not served any more");
        }
    });
    Ok(())
}

/// How long the link of a standalone system's start opens its dashboard.
const SIGN_IN_WITHIN: Duration = Duration::from_secs(15 * 60);
/// Logs that people look at while they try things out.
pub(crate) const FOR_PEOPLE: LogFormat = LogFormat::Text;
