//! What travels between processes: the gRPC interface for publishers, and the records that the services exchange through
//! the queue, with their conversions to and from the domain's types.

pub mod records;

/// The published gRPC interface, generated from `proto/fanfare/v1/publisher.proto`.
#[expect(missing_docs, reason = "generated; the documentation is in the protocol file")]
pub mod v1 {
    tonic::include_proto!("fanfare.v1");
}

#[expect(unreachable_pub, reason = "generated; the documentation is in the protocol file")]
mod wire {
    tonic::include_proto!("fanfare.records.v1");
}

/// The encoded descriptors of [`v1`], for server reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
