//! The embedded queue passes the suite of all queues.

mod node;

use std::sync::Arc;

use async_trait::async_trait;
use fanfare_embedded::StreamLimits;
use fanfare_ports::clock::SystemClock;
use fanfare_ports::queue::Queue;
use fanfare_suites::queue::Fixture;

use self::node::Node;

struct OnDisk(Node);

impl OnDisk {
    fn new() -> Self {
        Self(Node::new(Arc::new(SystemClock)))
    }

    async fn another(&self, limits: StreamLimits) -> Arc<dyn Queue> {
        Arc::new(self.0.running(limits).await.queue().another())
    }
}

#[async_trait]
impl Fixture for OnDisk {
    async fn open(&self) -> Arc<dyn Queue> {
        self.another(StreamLimits::default()).await
    }

    async fn open_with_room_for(&self, bytes: u64) -> Arc<dyn Queue> {
        self.another(StreamLimits { events: bytes, deliveries: bytes, journal: bytes, dead_letters: bytes }).await
    }

    async fn kill(&self, queue: Arc<dyn Queue>) {
        drop(queue);
    }

    async fn restart(&self, queues: Vec<Arc<dyn Queue>>) {
        drop(queues);
        self.0.end().await;
    }
}

fanfare_suites::queue_suite!(OnDisk::new());
