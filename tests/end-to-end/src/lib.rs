//! Nothing but scenarios: see `tests/scenarios`.
