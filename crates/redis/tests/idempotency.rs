//! The idempotency store's suite on a real Redis.

mod server;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use fanfare_ports::idempotency::Idempotency;
use fanfare_redis::TimeSource;
use fanfare_suites::idempotency::{Fixture, ServerFixture};

use self::server::Backend;

struct OnRedis(Backend);

impl OnRedis {
    async fn start() -> Self {
        Self(Backend::start())
    }
}

#[async_trait]
impl Fixture for OnRedis {
    async fn open(&self) -> Arc<dyn Idempotency> {
        self.0.connect(TimeSource::Server).await.idempotency
    }

    /// Ids expire by the server's clock, which cannot be moved: each is brought nearer to its end instead.
    async fn advance(&self, by: Duration) {
        let client = &mut self.0.client().await;
        let keys: Vec<String> = redis::cmd("KEYS").arg("fanfare:id:*").query_async(client).await.expect("answers");
        for key in keys {
            let left: i64 = redis::cmd("PTTL").arg(&key).query_async(client).await.expect("answers");
            let left = left - i64::try_from(by.as_millis()).expect("fits");
            let () = redis::cmd("PEXPIRE").arg(&key).arg(left.max(0)).query_async(client).await.expect("answers");
        }
    }

    async fn restart(&self) {
        self.0.with(|server| {
            server.stop();
            server.start_again().expect("redis starts");
        });
    }
}

#[async_trait]
impl ServerFixture for OnRedis {
    /// A Redis that is killed may lose what it was told in its last seconds, so it is ended in good order.
    async fn take_away(&self) {
        self.0.with(fanfare_servers::redis::Redis::stop);
    }

    async fn bring_back(&self) {
        self.0.with(|server| server.start_again().expect("redis starts"));
    }
}

fanfare_suites::idempotency_suite!(OnRedis::start());
fanfare_suites::idempotency_server_suite!(OnRedis::start());
