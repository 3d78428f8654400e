//! `grpc.health.v1`, which follows readiness.

use std::time::Duration;

use fanfare_intake::Intake;
use fanfare_proto::v1::publisher_server::SERVICE_NAME;
use tokio_util::sync::CancellationToken;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

const LOOK_EVERY: Duration = Duration::from_millis(250);
/// The whole server, and the one service that it is there for.
const NAMES: [&str; 2] = ["", SERVICE_NAME];

/// Tells whether events can be accepted, until `stop`.
pub(crate) async fn follow(reporter: &HealthReporter, intake: &Intake, stop: &CancellationToken) {
    let mut told = None;
    while !stop.is_cancelled() {
        let missing = intake.waits_for();
        if told != Some(missing.is_empty()) {
            told = Some(missing.is_empty());
            tracing::info!(ready = missing.is_empty(), ?missing, "readiness changed");
            set(reporter, if missing.is_empty() { ServingStatus::Serving } else { ServingStatus::NotServing }).await;
        }
        stop.run_until_cancelled(intake.clock().sleep(LOOK_EVERY)).await;
    }
}

pub(crate) async fn set(reporter: &HealthReporter, status: ServingStatus) {
    for name in NAMES {
        reporter.set_service_status(name, status).await;
    }
}

/// Ends the streams of those who watch; they have been told the last status.
pub(crate) async fn end_watches(reporter: &mut HealthReporter) {
    for name in NAMES {
        reporter.clear_service_status(name).await;
    }
}
