//! What every request may need.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use fanfare_domain::profile::Profiles;
use fanfare_domain::sealed::Keyring;
use fanfare_domain::target::TargetRules;
use fanfare_intake::Intake;
use fanfare_ports::catalogue::Catalogue;
use fanfare_ports::clock::SharedClock;
use fanfare_ports::directory::Directory;
use fanfare_ports::idempotency::Idempotency;
use fanfare_ports::outbox::Teller;
use fanfare_ports::queue::Queue;
use fanfare_ports::schedule::Schedule;
use fanfare_ports::store::{Outcomes, Registry, Replays, Reports, Sessions};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::config::Config;

pub(crate) type Shared = Arc<Context>;

pub(crate) struct Context {
    pub(crate) config: Config,
    pub(crate) intake: Arc<Intake>,
    pub(crate) registry: Arc<dyn Registry>,
    pub(crate) reports: Arc<dyn Reports>,
    pub(crate) outcomes: Arc<dyn Outcomes>,
    pub(crate) replays: Arc<dyn Replays>,
    pub(crate) sessions: Arc<dyn Sessions>,
    pub(crate) queue: Arc<dyn Queue>,
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) teller: Arc<Teller>,
    pub(crate) schedule: Arc<dyn Schedule>,
    pub(crate) idempotency: Arc<dyn Idempotency>,
    pub(crate) profiles: Arc<Profiles>,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) targets: TargetRules,
    /// How long payloads are kept: no delivery can wait longer.
    pub(crate) retention: Duration,
    pub(crate) clock: SharedClock,
    /// Names this process and no other.
    pub(crate) holder: String,
    /// Whether connections are encrypted here.
    pub(crate) is_encrypted: bool,
    /// Whether other sites may embed portals.
    pub(crate) portal_is_framed: bool,
    /// Room for pages that are told what happens.
    pub(crate) live_room: Arc<Semaphore>,
    /// The service ends: what would go on for long ends too.
    pub(crate) closing: CancellationToken,
    /// Whether the store answered when it was last asked in the background.
    pub(crate) store_answers: AtomicBool,
    /// A replay was asked for.
    pub(crate) replay_begun: Notify,
    /// A tenant was deleted.
    pub(crate) tenant_deleted: Notify,
}
