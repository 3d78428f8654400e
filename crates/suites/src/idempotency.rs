//! What every adapter of [`Idempotency`] must pass.

pub mod accepting;
pub mod restarts;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use fanfare_domain::ids::{EventId, TenantNumber};
use fanfare_ports::idempotency::{Idempotency, Key};

/// An idempotency store without ids, and the time that it goes by.
#[async_trait]
pub trait Fixture: Send + Sync {
    /// The store, as one more process opens it: all see the same ids.
    async fn open(&self) -> Arc<dyn Idempotency>;

    /// Lets time pass for the store. It may go on by itself too, but by no more than a second or two in a case.
    async fn advance(&self, by: Duration);

    /// Ends the store's backend in good order and starts it again on the same data. What was opened before is not used
    /// afterwards.
    async fn restart(&self);
}

/// A store whose backend is a server that may go away.
#[async_trait]
pub trait ServerFixture: Fixture {
    /// Takes the server away, with all that it was told on its disk.
    async fn take_away(&self);

    /// Starts the server again on its data.
    async fn bring_back(&self);
}

/// Makes a test of each case. The expression is evaluated for each, and is a future of a [`Fixture`].
#[macro_export]
macro_rules! idempotency_suite {
    ($fixture:expr) => {
        $crate::idempotency_cases! { $fixture =>
            accepting::a_new_id_is_granted_once;
            accepting::a_confirmed_id_is_a_duplicate;
            accepting::a_claim_that_is_not_confirmed_expires;
            accepting::an_id_is_remembered_for_its_time_and_then_forgotten;
            accepting::a_released_id_can_be_claimed_again;
            accepting::a_confirmed_id_is_not_released;
            accepting::a_confirmation_counts_after_its_claim_expired;
            accepting::equal_ids_in_one_call_are_granted_once;
            accepting::answers_are_in_the_order_of_the_keys;
            accepting::of_processes_that_race_exactly_one_is_granted;
            accepting::tenants_have_ids_of_their_own;
            accepting::a_thousand_ids_are_one_call;
            accepting::erasing_a_tenant_leaves_the_others_alone;
            restarts::confirmed_ids_outlast_a_restart;
        }
    };
}

/// Makes a test of each case that needs a server. The expression is a future of a [`ServerFixture`].
#[macro_export]
macro_rules! idempotency_server_suite {
    ($fixture:expr) => {
        $crate::idempotency_cases! { $fixture =>
            restarts::a_store_that_was_away_comes_back;
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! idempotency_cases {
    ($fixture:expr => $($part:ident::$case:ident;)*) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                $crate::idempotency::$part::$case(&$fixture.await).await;
            }
        )*
    };
}

fn key(event: &str) -> Key {
    key_of(1, event)
}

fn key_of(tenant: u32, event: &str) -> Key {
    Key { tenant: TenantNumber::new(tenant), event: EventId::new(event).expect("an id") }
}
