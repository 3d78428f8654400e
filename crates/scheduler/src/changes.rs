//! What journal records mean for the schedule.

use bytes::Bytes;
use fanfare_domain::delivery::Position;
use fanfare_domain::journal::{Attempted, Follows, JournalRecord, Parked, Parking};
use fanfare_ports::schedule::Change;
use fanfare_proto::records::{RecordError, decode_journal};

/// Records of the journal as one batch for the schedule.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Batch {
    /// What changes, in order.
    pub(crate) changes: Vec<Change>,
    /// The last record that is in here; `None` if there is none.
    pub(crate) to: Option<Position>,
    /// Set if the next record is of a format that only a newer version knows: nothing may be applied past it.
    pub(crate) unknown: Option<(Position, u8)>,
}

impl Batch {
    /// Reads records up to the first that this version does not know. A damaged one is logged and passed over, since it
    /// would hold up everything behind it and no version can read it.
    pub(crate) fn of(records: &[(Position, Bytes)]) -> Self {
        let mut batch = Self::default();
        for (position, record) in records {
            match decode_journal(record) {
                Ok(record) => batch.changes.extend(change_of(position.sequence, &record)),
                Err(RecordError::UnknownFormat(format)) => {
                    batch.unknown = Some((*position, format));
                    return batch;
                }
                Err(error @ RecordError::Damaged(_)) => {
                    tracing::error!(sequence = position.sequence, index = position.index, %error, "journal record is passed over");
                }
            }
            batch.to = Some(*position);
        }
        batch
    }
}

/// What the record at `sequence` changes.
fn change_of(sequence: u64, record: &JournalRecord) -> Option<Change> {
    match record {
        JournalRecord::Routed(_) => None,
        JournalRecord::Attempted(attempted) => change_of_attempt(attempted),
        JournalRecord::Parked(parked) => Some(change_of_parking(*parked)),
        JournalRecord::Restated(restated) => Some(Change::Restate { entry: *restated, sequence }),
    }
}

fn change_of_attempt(attempted: &Attempted) -> Option<Change> {
    let delivery = attempted.delivery;
    match attempted.follows {
        // Another worker has the delivery by now and says what follows.
        _ if attempted.late => None,
        Follows::Unchanged => None,
        Follows::Waiting { due, attempt } => Some(Change::Put { delivery, attempt, due }),
        Follows::Settled(_) => Some(Change::Remove { delivery }),
    }
}

const fn change_of_parking(Parked { delivery, attempt, due, parking }: Parked) -> Change {
    match parking {
        Parking::InFlight => Change::Put { delivery, attempt, due },
        Parking::Webhook { per_second, burst, pace } => {
            Change::Park { delivery, attempt, due, per_second, burst, pace }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use fanfare_domain::delivery::{DeliveryRef, FailureReason, Settlement};
    use fanfare_domain::journal::{PaceKind, QueuePace, Restated};
    use fanfare_domain::time::Timestamp;
    use fanfare_proto::records::encode_journal;

    use super::*;

    fn delivery() -> DeliveryRef {
        let mut bytes = [7; 51];
        bytes[0] = 1;
        DeliveryRef::from_bytes(&bytes).expect("a reference as it is stored")
    }

    fn due() -> Timestamp {
        Timestamp::from_millis(1_773_568_800_123)
    }

    fn attempted(follows: Follows, late: bool) -> JournalRecord {
        JournalRecord::Attempted(Box::new(Attempted {
            delivery: delivery(),
            event: None,
            event_type: None,
            attempt: None,
            follows,
            waited: true,
            late,
            counts_for_health: true,
        }))
    }

    fn parked(parking: Parking) -> JournalRecord {
        JournalRecord::Parked(Parked { delivery: delivery(), attempt: 3, due: due(), parking })
    }

    fn at(sequence: u64, index: u16) -> Position {
        Position { sequence, index }
    }

    #[test]
    fn a_delivery_that_waits_for_its_next_attempt_is_put() {
        let waiting = Follows::Waiting { due: due(), attempt: 4 };
        let put = Change::Put { delivery: delivery(), attempt: 4, due: due() };
        assert_eq!(change_of(1, &attempted(waiting, false)), Some(put));
    }

    #[test]
    fn a_delivery_that_ended_is_removed() {
        for settlement in [Settlement::Success, Settlement::Failed(FailureReason::Expired), Settlement::Cancelled] {
            let change = change_of(1, &attempted(Follows::Settled(settlement), false));
            assert_eq!(change, Some(Change::Remove { delivery: delivery() }));
        }
    }

    #[test]
    fn what_came_late_changes_nothing() {
        let waiting = Follows::Waiting { due: due(), attempt: 4 };
        for follows in [waiting, Follows::Settled(Settlement::Success), Follows::Unchanged] {
            assert_eq!(change_of(1, &attempted(follows, true)), None);
        }
    }

    #[test]
    fn a_manual_attempt_that_failed_changes_nothing() {
        assert_eq!(change_of(1, &attempted(Follows::Unchanged, false)), None);
    }

    #[test]
    fn an_attempt_in_the_air_waits_for_its_time_and_a_webhooks_own_for_its_pace() {
        let (delivery, due) = (delivery(), due());
        assert_eq!(change_of(1, &parked(Parking::InFlight)), Some(Change::Put { delivery, attempt: 3, due }));
        for pace in [PaceKind::Limit, PaceKind::Measured] {
            let park = Change::Park { delivery, attempt: 3, due, per_second: 2.5, burst: 4, pace };
            assert_eq!(change_of(1, &parked(Parking::Webhook { per_second: 2.5, burst: 4, pace })), Some(park));
        }
    }

    #[test]
    fn what_is_restated_says_where_it_was() {
        let queue = Some(QueuePace { per_second: 2.5, burst: 4, kind: PaceKind::Limit });
        let entry = Restated { delivery: delivery(), attempt: 3, due: due(), queue };
        let record = encode_journal(JournalRecord::Restated(entry));
        let restate = Change::Restate { entry, sequence: 7 };
        assert_eq!(Batch::of(&[(at(7, 2), record)]).changes, [restate]);
    }

    #[test]
    fn a_batch_ends_before_a_record_of_a_newer_version() {
        let known = encode_journal(attempted(Follows::Unchanged, false));
        let newer = Bytes::from_static(&[250, 1, 2, 3]);
        let records = [(at(1, 0), known.clone()), (at(1, 1), newer), (at(2, 0), known)];
        let expected = Batch { changes: vec![], to: Some(at(1, 0)), unknown: Some((at(1, 1), 250)) };
        assert_eq!(Batch::of(&records), expected);
        assert_eq!(Batch::of(&records[1..]).to, None);
    }

    #[test]
    fn a_batch_passes_over_what_is_damaged() {
        let later = due().plus(Duration::from_secs(1));
        let known = encode_journal(attempted(Follows::Waiting { due: later, attempt: 2 }, false));
        let records = [(at(5, 0), Bytes::new()), (at(5, 1), known), (at(6, 0), Bytes::from_static(&[1, 0xFF]))];
        let put = Change::Put { delivery: delivery(), attempt: 2, due: later };
        assert_eq!(Batch::of(&records), Batch { changes: vec![put], to: Some(at(6, 0)), unknown: None });
    }
}
