//! What a journal record changes in the schedule.

use fanfare_domain::journal::{Attempted, Follows, JournalRecord, Parked, Parking};
use fanfare_ports::schedule::Change;

/// The change that `record` makes, if any.
pub(crate) fn change_of(record: &JournalRecord) -> Option<Change> {
    match record {
        JournalRecord::Routed(_) => None,
        JournalRecord::Attempted(attempted) => attempted_change(attempted),
        JournalRecord::Parked(parked) => Some(parked_change(parked)),
    }
}

fn attempted_change(attempted: &Attempted) -> Option<Change> {
    if attempted.late {
        return None;
    }
    let delivery = attempted.delivery;
    match attempted.follows {
        Follows::Settled(_) => Some(Change::Remove { delivery }),
        Follows::Waiting { due, attempt } => Some(Change::Put { delivery, attempt, due }),
        Follows::Unchanged => None,
    }
}

fn parked_change(parked: &Parked) -> Change {
    let Parked { delivery, attempt, due, parking } = *parked;
    match parking {
        Parking::InFlight => Change::Put { delivery, attempt, due },
        Parking::Webhook { per_second, burst } => Change::Park { delivery, attempt, due, per_second, burst },
    }
}

#[cfg(test)]
mod tests {
    use fanfare_domain::delivery::{DeliveryRef, Position, Settlement};
    use fanfare_domain::ids::{DeliveryId, Run, TenantNumber, WebhookId};
    use fanfare_domain::time::Timestamp;

    use super::*;

    fn delivery() -> DeliveryRef {
        DeliveryRef::from_parts(
            DeliveryId::from_bytes([1; 16]),
            TenantNumber::new(1),
            WebhookId::from_bytes([2; 16]),
            Position::default(),
            Timestamp::from_millis(0),
            Run::First,
        )
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

    #[test]
    fn what_waits_is_put_and_what_has_ended_is_removed() {
        let due = Timestamp::from_millis(7_000);
        let waiting = Follows::Waiting { due, attempt: 2 };
        let put = Change::Put { delivery: delivery(), attempt: 2, due };
        assert_eq!(change_of(&attempted(waiting, false)), Some(put));
        let settled = Follows::Settled(Settlement::Success);
        assert_eq!(change_of(&attempted(settled, false)), Some(Change::Remove { delivery: delivery() }));
    }

    #[test]
    fn late_results_and_failed_manual_attempts_change_nothing() {
        assert_eq!(change_of(&attempted(Follows::Settled(Settlement::Success), true)), None);
        assert_eq!(change_of(&attempted(Follows::Unchanged, false)), None);
    }

    #[test]
    fn an_attempt_in_the_air_waits_among_all_others_and_a_parked_one_in_its_webhooks_queue() {
        let due = Timestamp::from_millis(7_000);
        let parked = |parking| JournalRecord::Parked(Parked { delivery: delivery(), attempt: 1, due, parking });
        let put = Change::Put { delivery: delivery(), attempt: 1, due };
        assert_eq!(change_of(&parked(Parking::InFlight)), Some(put));
        let park = Change::Park { delivery: delivery(), attempt: 1, due, per_second: 2.0, burst: 3 };
        assert_eq!(change_of(&parked(Parking::Webhook { per_second: 2.0, burst: 3 })), Some(park));
    }
}
