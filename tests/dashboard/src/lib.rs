//! Nothing but tests: see `tests/dashboard`.
