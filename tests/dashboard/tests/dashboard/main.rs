//! The dashboard as people use it: each test starts a system and receivers, does what came before, and then a script of
//! `journeys/` drives a browser through it. Most run on embedded storage alone; what differs by family runs on both.

/// Makes two tests of each journey, which takes the family that it is to run on.
macro_rules! on_both_families {
    ($($name:ident),+ $(,)?) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(fanfare_cluster::Family::Embedded).await;
            })+
        }
        mod distributed {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(fanfare_cluster::Family::Distributed).await;
            })+
        }
    };
}

mod adding;
mod events;
mod failing;
mod guarding;
mod hostile;
mod journey;
mod listing;
mod managing;
mod operating;
mod overview;
mod portal;
mod replaying;
mod signing_in;
mod views;
