//! Nothing but tests: see `tests/deployment`.
