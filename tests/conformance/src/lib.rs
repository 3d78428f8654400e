//! Nothing but tests: see `tests/contracts`.
