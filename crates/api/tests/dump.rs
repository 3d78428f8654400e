#[test]
fn dump() { std::fs::write("/tmp/openapi.json", fanfare_api::openapi() + "\n").unwrap(); }
