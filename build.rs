//! Compiles the wire's only truth, `proto/`, in pure Rust: no `protoc` is needed on the machine.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message;

const FILES: [&str; 10] = [
    "yuqiao/v1/common.proto",
    "yuqiao/v1/directory.proto",
    "yuqiao/v1/agreement.proto",
    "yuqiao/v1/instructor.proto",
    "yuqiao/v1/roster.proto",
    "yuqiao/v1/consent.proto",
    "yuqiao/v1/exchange.proto",
    "yuqiao/v1/alert.proto",
    "yuqiao/v1/ledger.proto",
    "yuqiao/v1/rule.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    println!("cargo:rerun-if-changed=migrations");

    let descriptors = protox::compile(FILES, ["proto"])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    // Reflection, the JSON form of messages and the compatibility test read the descriptors.
    fs::write(out.join("yuqiao.v1.bin"), descriptors.encode_to_vec())?;
    // Type names tie a generated message to its descriptor: the JSON form needs that.
    let mut names = tonic_prost_build::Config::new();
    names.enable_type_names();
    tonic_prost_build::configure().compile_fds_with_config(descriptors, names)?;
    Ok(())
}
