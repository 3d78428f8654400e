//! What the process tells about itself as a whole. What its services and adapters do, they tell themselves.

use fanfare_ports::metrics::meter;
use opentelemetry::KeyValue;

use crate::readiness::Readiness;

/// Tells from now on which version runs as which service, and whether it is ready.
pub(crate) fn tell(service: &'static str, readiness: Readiness) {
    let version = KeyValue::new("version", env!("CARGO_PKG_VERSION"));
    let service = KeyValue::new("service", service);
    let build = [version, service.clone()];
    let _info = meter()
        .u64_observable_gauge("fanfare.build_info")
        .with_description("The running version.")
        .with_callback(move |gauge| gauge.observe(1, &build))
        .build();
    let _ready = meter()
        .u64_observable_gauge("fanfare.ready")
        .with_description("Whether the process can do its job.")
        .with_callback(move |gauge| {
            gauge.observe(u64::from(readiness.waits_for().is_empty()), std::slice::from_ref(&service));
        })
        .build();
}
