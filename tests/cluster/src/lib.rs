//! The whole system as its users meet it: the binary's processes, REST, gRPC, and receivers. Tests start it, kill parts of
//! it and look from outside. It is the same for both families of adapters.

mod answer;
mod authority;
mod backends;
mod balancer;
mod builder;
mod cluster;
mod family;
mod figures;
mod process;
mod program;
mod publisher;
mod receiver;
mod rest;
mod tenant;
mod waiting;

pub use self::answer::Answer;
pub use self::authority::{Authority, Certified};
pub use self::backends::Backends;
pub use self::balancer::Balancer;
pub use self::builder::ClusterBuilder;
pub use self::cluster::Cluster;
pub use self::family::{Family, Service};
pub use self::figures::{Figures, Listed};
pub use self::process::{Ended, Process};
pub use self::program::{fanfare, node, python};
pub use self::publisher::{Publisher, Sent, event, numbered};
pub use self::receiver::{Arrival, Log, Receiver};
pub use self::rest::{Body, HttpClient, Reply, Rest, http_client};
pub use self::tenant::{Tenant, Webhook};
pub use self::waiting::{eventually, since_start};
