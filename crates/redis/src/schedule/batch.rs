//! How changes and positions are written for the scripts.

use std::time::Duration;

use fanfare_domain::delivery::Position;
use fanfare_domain::journal::{PaceKind, QueuePace, Restated};
use fanfare_ports::schedule::{Change, ScheduleError};
use redis::ScriptInvocation;

use crate::member;
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
            script.arg("put").arg(member::write(&delivery)).arg(Score::waiting(due, attempt).number());
        }
        Change::Park { delivery, attempt, due, per_second, burst, pace } => {
            script.arg("park").arg(member::write(&delivery)).arg(Score::waiting(due, attempt).number());
            script.arg(per_second.max(SLOWEST).min(FASTEST)).arg(burst.max(1));
            script.arg(match pace {
                PaceKind::Limit => "limit",
                PaceKind::Measured => "measured",
            });
        }
        Change::Remove { delivery } => {
            script.arg("remove").arg(member::write(&delivery));
        }
        Change::Restate { entry, sequence } => {
            script.arg("restated").arg(sequence);
            add_change(script, &change_of(entry));
        }
    }
}

/// What is restated, as if it were news.
const fn change_of(Restated { delivery, attempt, due, queue }: Restated) -> Change {
    match queue {
        None => Change::Put { delivery, attempt, due },
        Some(QueuePace { per_second, burst, kind }) => {
            Change::Park { delivery, attempt, due, per_second, burst, pace: kind }
        }
    }
}

/// Reads a queue's pace as scripts tell it, deliveries a second, burst and kind; `None` where they tell nothing.
///
/// # Errors
/// [`ScheduleError::Unavailable`] if it is anything else.
pub(super) fn read_pace(text: &str) -> Result<Option<QueuePace>, ScheduleError> {
    if text.is_empty() {
        return Ok(None);
    }
    let mut parts = text.split(' ');
    let mut read = || {
        let (per_second, burst, kind) = (parts.next()?, parts.next()?, parts.next()?);
        let kind = match kind {
            "limit" => PaceKind::Limit,
            "measured" => PaceKind::Measured,
            _ => return None,
        };
        Some(QueuePace { per_second: per_second.parse().ok()?, burst: burst.parse().ok()?, kind })
    };
    read().map(Some).ok_or_else(|| ScheduleError::Unavailable(format!("not a pace: {text:?}").into()))
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
    fn a_pace_is_read_as_scripts_tell_it() {
        let measured = QueuePace { per_second: 2.5, burst: 4, kind: PaceKind::Measured };
        assert_eq!(read_pace("2.5 4 measured").expect("reads"), Some(measured));
        assert_eq!(read_pace("").expect("reads"), None);
        for text in ["2.5", "2.5 4", "fast 4 limit", "2.5 -4 limit", "2.5 4 guess"] {
            read_pace(text).expect_err(text);
        }
    }

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
