//! Compiles the protocol files without `protoc` and keeps their descriptors for server reflection.

use std::path::PathBuf;

use prost::Message;

const PROTO: &str = "../../proto";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed={PROTO}");
    let published = protox::compile(["fanfare/v1/publisher.proto"], [PROTO])?;
    #[expect(clippy::disallowed_methods, reason = "cargo tells build scripts by the environment")]
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("descriptors.bin"), published.encode_to_vec())?;
    tonic_prost_build::configure().bytes(".fanfare.v1.PublishRequest.data").compile_fds(published)?;
    let internal = protox::compile(["fanfare/records/v1/records.proto"], [PROTO])?;
    tonic_prost_build::configure().bytes(".").compile_fds(internal)?;
    Ok(())
}
