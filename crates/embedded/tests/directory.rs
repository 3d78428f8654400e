//! The embedded directory passes the suite of all directories.

mod node;

use std::sync::Arc;

use async_trait::async_trait;
use fanfare_embedded::StreamLimits;
use fanfare_ports::clock::SystemClock;
use fanfare_ports::directory::Directory;
use fanfare_suites::directory::Fixture;

use self::node::Node;

struct OnDisk(Node);

#[async_trait]
impl Fixture for OnDisk {
    async fn open(&self) -> Arc<dyn Directory> {
        self.0.running(StreamLimits::default()).await.directory()
    }

    async fn restart(&self, directories: Vec<Arc<dyn Directory>>) {
        drop(directories);
        self.0.end().await;
    }
}

fanfare_suites::directory_suite!(OnDisk(Node::new(Arc::new(SystemClock))));
