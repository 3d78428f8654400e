//! Ports that nothing else takes meanwhile.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the range from which the system takes the ports of outgoing connections, and above what well-known servers use.
const LOWEST: u16 = 12_000;
const NUMBER: u16 = 20_000;

/// A port on which nobody listens. Each process begins its search elsewhere, so that tests in parallel rarely meet.
#[must_use]
pub fn free_port() -> u16 {
    static TRIED: AtomicU16 = AtomicU16::new(0);
    let first = (std::process::id() % u32::from(NUMBER)) as u16;
    (0..NUMBER)
        .map(|_| LOWEST + (first.wrapping_mul(37) % NUMBER + TRIED.fetch_add(1, Ordering::Relaxed)) % NUMBER)
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .expect("one of 20,000 ports is free")
}
