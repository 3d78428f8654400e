//! What the demo prints.

use std::time::Duration;

use serde_json::Value;

use super::receiver::Arrival;

/// The delivery, as its receiver and the log saw it.
pub(super) fn delivery(event: &str, event_type: &str, arrival: &Arrival, took: Duration, delivery: &Value) {
    let verified = if arrival.verified && arrival.id == event { "verified" } else { "WRONG" };
    let status = delivery["status"].as_str().unwrap_or("unknown");
    println!();
    println!("  event       {event}  ({event_type}, published over gRPC)");
    println!("  delivery    {}", delivery["id"].as_str().unwrap_or("unknown"));
    println!("  status      {status} (HTTP {})", delivery["status_code"]);
    println!("  took        {:.1} ms from publish to arrival", took.as_secs_f64() * 1000.0);
    println!("  signature   {verified} by the receiver, as Standard Webhooks says");
    println!("  body        {}", arrival.body);
    println!();
}

/// Where everything is, and two things to try.
pub(super) fn next_steps(http: &str, grpc: &str, key_path: Option<&str>) {
    let key_path = key_path.unwrap_or("$FANFARE_OPERATOR_KEY");
    let key = key_path.strip_prefix('$').map_or_else(|| format!("$(cat {key_path})"), |name| format!("${name}"));
    println!("  REST        {http}   described by {http}/openapi.json");
    println!("  gRPC        {grpc}   with reflection");
    println!("  key         {key_path}   (the operator's)");
    println!();
    println!("  1. Publish another event; it arrives at the same receiver:");
    println!("     curl -s {http}/v1/events -H \"Authorization: Bearer {key}\" -H 'Fanfare-Tenant: demo' \\");
    println!("       -H 'Content-Type: application/json' -d '{{\"type\":\"order.paid\",\"data\":{{\"order\":4712}}}}'");
    println!("  2. See what became of it:");
    println!("     curl -s {http}/v1/events -H \"Authorization: Bearer {key}\" -H 'Fanfare-Tenant: demo'");
    println!();
    println!("  Ctrl-C ends it; what it knows stays in its data directory.");
}
