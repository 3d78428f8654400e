//! The embedded idempotency store passes the suite of all of them.

mod node;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use fanfare_domain::time::Timestamp;
use fanfare_embedded::StreamLimits;
use fanfare_ports::clock::ManualClock;
use fanfare_ports::idempotency::Idempotency;
use fanfare_suites::idempotency::Fixture;

use self::node::Node;

struct OnDisk {
    node: Node,
    clock: ManualClock,
}

impl OnDisk {
    async fn start() -> Self {
        let clock = ManualClock::at(Timestamp::from_millis(1_750_000_000_123));
        Self { node: Node::new(Arc::new(clock.clone())), clock }
    }
}

#[async_trait]
impl Fixture for OnDisk {
    async fn open(&self) -> Arc<dyn Idempotency> {
        self.node.running(StreamLimits::default()).await.idempotency()
    }

    async fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    async fn restart(&self) {
        self.node.end().await;
    }
}

fanfare_suites::idempotency_suite!(OnDisk::start());
