//! The logs service on embedded storage.

mod announcing;
mod disabling;
mod gathering;
mod moody;
mod stage;
mod writing;
