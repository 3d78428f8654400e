//! How changes and positions are written for the scripts.

use std::time::Duration;

use fanfare_domain::delivery::Position;
use fanfare_ports::schedule::{Change, ScheduleError};
use redis::ScriptInvocation;

use crate::score::Score;

/// A queue is never slower than this many deliveries a second, whatever is asked for.
const SLOWEST: f64 = 0.001;
/// A queue is never faster.
const FASTEST: f64 = 1e9;

/// Adds a change as arguments of the script that applies it.
#[expect(clippy::manual_clamp, reason = "what is no number becomes the slowest; clamp would keep it")]
pub(super) fn add_change(script: &mut ScriptInvocation<'_>, change: &Change) {
    match *change {
        Change::Put { delivery, attempt, due } => {
            script.arg("put").arg(delivery.to_bytes()).arg(Score::waiting(due, attempt).number());
        }
        Change::Park { delivery, attempt, due, per_second, burst } => {
            script.arg("park").arg(delivery.to_bytes()).arg(Score::waiting(due, attempt).number());
            script.arg(per_second.max(SLOWEST).min(FASTEST)).arg(burst.max(1));
        }
        Change::Remove { delivery } => {
            script.arg("remove").arg(delivery.to_bytes());
        }
    }
}

/// Whole milliseconds.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Sequence and index, with a colon between them.
pub(super) fn write_position(position: Position) -> String {
    format!("{}:{}", position.sequence, position.index)
}

/// Reads what [`write_position`] wrote.
///
/// # Errors
/// [`ScheduleError::Unavailable`] if it is anything else: somebody meddled.
pub(super) fn read_position(text: &str) -> Result<Position, ScheduleError> {
    let read = || {
        let (sequence, index) = text.split_once(':')?;
        Some(Position { sequence: sequence.parse().ok()?, index: index.parse().ok()? })
    };
    read().ok_or_else(|| ScheduleError::Unavailable(format!("not a position: {text:?}").into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_reads_back_as_it_was_written() {
        for position in [Position::default(), Position { sequence: u64::MAX, index: u16::MAX }] {
            assert_eq!(read_position(&write_position(position)).expect("reads"), position);
        }
        for text in ["", "1", "1:", ":1", "1:2:3", "1:65536", "-1:0"] {
            read_position(text).expect_err(text);
        }
    }
}
