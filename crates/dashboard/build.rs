//! Builds again when the web application was: embedding sees changed files by itself, but not new ones.

fn main() {
    println!("cargo::rerun-if-changed=web/dist");
}
