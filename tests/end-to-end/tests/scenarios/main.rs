//! What the whole system must be seen to do. Each scenario runs on both families of adapters unless it is about one of them:
//! `delivering::embedded::…` against `fanfare standalone`, `delivering::distributed::…` against a process for each service.

/// Makes two tests of each scenario, which takes the family that it is to run on.
macro_rules! scenarios {
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

mod authorizing;
mod chaos;
mod configuring;
mod delivering;
mod disabling;
mod encrypting;
mod ending;
mod failing;
mod isolating;
mod limiting;
mod managing;
mod measuring;
mod observing;
mod publishing;
mod refusing;
mod replaying;
mod retrying;
mod rotating;
mod signing;
mod targeting;
mod translating;
mod verifying;
