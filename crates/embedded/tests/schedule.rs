//! The embedded schedule passes the suite of all schedules.

mod node;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use fanfare_domain::time::Timestamp;
use fanfare_embedded::StreamLimits;
use fanfare_ports::clock::{Clock, ManualClock};
use fanfare_ports::schedule::Schedule;
use fanfare_suites::schedule::Fixture;

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
    async fn open(&self) -> Arc<dyn Schedule> {
        self.node.running(StreamLimits::default()).await.schedule()
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    async fn restart(&self) {
        self.node.end().await;
    }
}

fanfare_suites::schedule_suite!(OnDisk::start());
