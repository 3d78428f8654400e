//! A delivery's reference as a sorted set's member, as short as it can be: of what an entry takes in Redis, the member is the
//! only part that is ours to choose, and strings of more than 44 bytes take 16 more, for themselves and their terminators.
//!
//! | bytes | what |
//! |---|---|
//! | 1 | the format: 16, and 8 for a replay's, 4 where the place in the pack takes two bytes, the tenant's bytes less one |
//! | 16 | delivery |
//! | 16 | webhook |
//! | 1–4 | tenant |
//! | 4 | when the event was accepted, in seconds since 1970 |
//! | 1–2 | the event's place in its pack |
//! | 0, 16 | replay |
//! | 0–8 | sequence of the event's message: the rest |
//!
//! All numbers are big-endian; those of variable length take no byte more than they need, so that a reference has one member
//! only. 44 bytes are enough up to the tenant 65,535 and the sequence 4,294,967,295. Scripts know where webhook and tenant are.

use fanfare_domain::delivery::{DeliveryRef, Position};
use fanfare_domain::ids::{DeliveryId, ReplayId, Run, TenantNumber, WebhookId};
use fanfare_domain::time::Timestamp;

/// What the bits of [`FLAGS`] are added to.
const FORMAT: u8 = 16;
const FLAGS: u8 = 15;
const REPLAYED: u8 = 8;
const WIDE_INDEX: u8 = 4;
const TENANT_BYTES: u8 = 3;
/// Where the tenant begins.
const TENANT_AT: usize = 33;
const LONGEST: usize = 1 + 16 + 16 + 4 + 4 + 2 + 16 + 8;

/// A member that was not written by this version or an earlier one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MemberError {
    /// A newer version wrote it.
    #[error("member of unknown format {0}")]
    UnknownFormat(u8),
    /// It is too short or too long, or has a byte too many in a number.
    #[error("member is damaged: {0} bytes")]
    Damaged(usize),
}

/// The member that stands for `delivery`.
pub(crate) fn write(delivery: &DeliveryRef) -> Vec<u8> {
    let tenant = tenant_bytes(delivery.tenant);
    let sequence = delivery.event.sequence.to_be_bytes();
    let index = delivery.event.index.to_be_bytes();
    // A tenant has four bytes at most, and one at least.
    let mut format = FORMAT | (tenant.len() as u8).saturating_sub(1);
    if let Run::Replay(_) = delivery.run {
        format |= REPLAYED;
    }
    let index = match index {
        [0, ref short @ ..] => short.as_slice(),
        ref wide => {
            format |= WIDE_INDEX;
            wide.as_slice()
        }
    };
    let mut member = Vec::with_capacity(LONGEST);
    member.push(format);
    member.extend_from_slice(delivery.id.as_bytes());
    member.extend_from_slice(delivery.webhook.as_bytes());
    member.extend_from_slice(&tenant);
    member.extend_from_slice(&accepted_seconds(delivery).to_be_bytes());
    member.extend_from_slice(index);
    if let Run::Replay(replay) = &delivery.run {
        member.extend_from_slice(replay.as_bytes());
    }
    member.extend_from_slice(shortest(&sequence));
    member
}

/// Reads what [`write`] wrote.
///
/// # Errors
/// [`MemberError`] if a newer version wrote it, or it is damaged.
pub(crate) fn read(member: &[u8]) -> Result<DeliveryRef, MemberError> {
    let damaged = || MemberError::Damaged(member.len());
    let (format, rest) = member.split_first().ok_or_else(damaged)?;
    if format & !FLAGS != FORMAT {
        return Err(MemberError::UnknownFormat(*format));
    }
    let delivery = read_parts(format & FLAGS, rest).ok_or_else(damaged)?;
    // What could be written shorter is another member, which nobody would ever find.
    if write(&delivery) == member { Ok(delivery) } else { Err(damaged()) }
}

fn read_parts(flags: u8, mut rest: &[u8]) -> Option<DeliveryRef> {
    let mut next = |count: usize| {
        let (head, tail) = rest.split_at_checked(count)?;
        rest = tail;
        Some(head)
    };
    let id = DeliveryId::from_bytes(next(16)?.try_into().ok()?);
    let webhook = WebhookId::from_bytes(next(16)?.try_into().ok()?);
    let tenant = u32::try_from(number(next(usize::from(flags & TENANT_BYTES) + 1)?)?).ok()?;
    let accepted = number(next(4)?)?;
    let index = number(next(if flags & WIDE_INDEX == 0 { 1 } else { 2 })?)?;
    let run = match flags & REPLAYED {
        0 => Run::First,
        _ => Run::Replay(ReplayId::from_bytes(next(16)?.try_into().ok()?)),
    };
    let event = Position { sequence: number(rest)?, index: u16::try_from(index).ok()? };
    let accepted = Timestamp::from_millis(i64::try_from(accepted).ok()? * 1000);
    Some(DeliveryRef::from_parts(id, TenantNumber::new(tenant), webhook, event, accepted, run))
}

/// The tenant as members have it.
pub(crate) fn tenant_bytes(tenant: TenantNumber) -> Vec<u8> {
    match shortest(&tenant.get().to_be_bytes()) {
        [] => vec![0],
        bytes => bytes.to_vec(),
    }
}

/// Whether `member` is of the tenant that has these bytes.
pub(crate) fn is_of(member: &[u8], tenant: &[u8]) -> bool {
    let bytes = member.first().map_or(0, |format| usize::from(format & TENANT_BYTES) + 1);
    bytes == tenant.len() && member.get(TENANT_AT..TENANT_AT + bytes) == Some(tenant)
}

fn accepted_seconds(delivery: &DeliveryRef) -> u32 {
    u32::try_from(delivery.accepted().as_seconds()).unwrap_or(0)
}

fn shortest(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(zeros..).unwrap_or_default()
}

fn number(bytes: &[u8]) -> Option<u64> {
    let mut wide = [0; 8];
    wide.get_mut(8_usize.checked_sub(bytes.len())?..)?.copy_from_slice(bytes);
    Some(u64::from_be_bytes(wide))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn delivery(tenant: u32, sequence: u64, index: u16, run: Run) -> DeliveryRef {
        let (id, webhook) = (DeliveryId::from_bytes([1; 16]), WebhookId::from_bytes([2; 16]));
        let accepted = Timestamp::from_millis(1_773_568_800_000);
        DeliveryRef::from_parts(id, TenantNumber::new(tenant), webhook, Position { sequence, index }, accepted, run)
    }

    #[test]
    fn a_member_is_as_short_as_is_promised() {
        assert_eq!(write(&delivery(65_535, u64::from(u32::MAX), 255, Run::First)).len(), 44);
        assert_eq!(write(&delivery(1, 1, 0, Run::First)).len(), 40);
        let longest = delivery(u32::MAX, u64::MAX, u16::MAX, Run::Replay(ReplayId::from_bytes([9; 16])));
        assert_eq!(write(&longest).len(), LONGEST);
    }

    #[test]
    fn scripts_find_webhook_and_tenant() {
        let member = write(&delivery(0x0102, 7, 3, Run::First));
        assert_eq!((&member[17..33], &member[33..35], member[0] % 4 + 1), ([2; 16].as_slice(), [1, 2].as_slice(), 2));
    }

    #[test]
    fn a_tenant_is_told_from_one_whose_number_begins_alike() {
        let members = [1, 0x0100, 0x0001_0000, 0].map(|tenant| write(&delivery(tenant, 7, 3, Run::First)));
        for (at, tenant) in [1, 0x0100, 0x0001_0000, 0].into_iter().enumerate() {
            let tenant = tenant_bytes(TenantNumber::new(tenant));
            for (other, member) in members.iter().enumerate() {
                assert_eq!(is_of(member, &tenant), at == other);
            }
        }
    }

    #[test]
    fn a_member_of_a_newer_version_is_told_apart_from_a_damaged_one() {
        let mut member = write(&delivery(1, 1, 0, Run::First));
        assert_eq!(read(&member[..20]), Err(MemberError::Damaged(20)));
        assert_eq!(read(&[]), Err(MemberError::Damaged(0)));
        member[0] += FORMAT;
        assert_eq!(read(&member), Err(MemberError::UnknownFormat(32)));
    }

    #[test]
    fn what_could_be_shorter_is_not_read() {
        let mut member = write(&delivery(1, 1, 0, Run::First));
        member.insert(member.len() - 1, 0);
        assert_eq!(read(&member), Err(MemberError::Damaged(41)));
    }

    proptest! {
        #[test]
        fn a_member_reads_back_as_it_was_written(
            id in any::<([u8; 16], [u8; 16])>(),
            tenant in any::<u32>(),
            tenant_bits in 0..32_u32,
            sequence in any::<u64>(),
            sequence_bits in 0..64_u32,
            index in prop_oneof![0..256_u16, any::<u16>()],
            accepted in any::<u32>(),
            replay in proptest::option::of(any::<[u8; 16]>()),
        ) {
            let delivery = DeliveryRef::from_parts(
                DeliveryId::from_bytes(id.0),
                TenantNumber::new(tenant >> tenant_bits),
                WebhookId::from_bytes(id.1),
                Position { sequence: sequence >> sequence_bits, index },
                Timestamp::from_millis(i64::from(accepted) * 1000),
                replay.map_or(Run::First, |id| Run::Replay(ReplayId::from_bytes(id))),
            );
            prop_assert_eq!(read(&write(&delivery)), Ok(delivery));
        }

        #[test]
        fn no_bytes_make_reading_a_member_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = read(&bytes);
        }
    }
}
