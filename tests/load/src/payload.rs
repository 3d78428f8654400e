//! Events' data: a document of a given size in which the event's number stands at a known place, so that the receiver reads
//! it without reading JSON.

use bytes::Bytes;

use crate::random::Random;

/// What stands before the number. Nothing before it in an envelope looks like this.
const MARK: &[u8] = b"{\"n\":";
/// A number has so many digits: a run, then an event.
const DIGITS: usize = 12;
/// The first run's number, so that no number begins with 0.
const FIRST_RUN: u64 = 1_000;
const EVENTS_A_RUN: u64 = 100_000_000;
/// The number is found so early in a body, or it is none of ours.
const LOOKED_AT: usize = 1_024;

/// `#` stands for a digit and `@` for a letter that are others in each event: a third of the usual size, since events of one type
/// are alike in their names and not in their values.
const HEAD: &str = r##"{"n":000000000000,"order":{"id":"ord_@@@@@@@@@@@@","status":"paid","total":1##.##,"currency":"EUR"},"customer":{"id":"cus_#######","name":"@@@@@@@@@@@@","country":"DE"},"items":["##;
const ITEM: &str = r##"{"sku":"SKU-#####","name":"@@@@@@@@@","quantity":#,"price":2#.##,"gift":false}"##;
const NOTE: &str = r#"],"note":""#;
const END: &str = r#""}"#;
/// 32 of them: 5 bits a letter.
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz aeion";
/// What lies beyond is the same in all events of a size, so that large ones cost the publisher no more than small ones.
const VARIED_UP_TO: usize = 1_024;

/// Which event of which run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number {
    pub(crate) run: u64,
    pub(crate) event: usize,
}

/// Data of one size.
#[derive(Clone, Debug)]
pub(crate) struct Payload {
    document: Bytes,
    /// Where digits and letters stand that are others in each event.
    varied: Vec<Varied>,
}

#[derive(Clone, Copy, Debug)]
struct Varied {
    place: usize,
    letter: bool,
}

impl Varied {
    fn byte(self, random: u64) -> u8 {
        if self.letter { LETTERS[(random % 32) as usize] } else { b'0' + (random % 10) as u8 }
    }
}

impl Payload {
    /// Documents of `size` bytes, or of the smallest size there is.
    pub(crate) fn of(size: usize) -> Self {
        let mut text = String::with_capacity(size + ITEM.len());
        text.push_str(HEAD);
        text.push_str(ITEM);
        while text.len() + 1 + ITEM.len() + NOTE.len() + END.len() <= size {
            text.push(',');
            text.push_str(ITEM);
        }
        text.push_str(NOTE);
        while text.len() + END.len() < size {
            text.push('@');
        }
        text.push_str(END);
        let mut document = text.into_bytes();
        let mut random = Random::from(size as u64);
        let mut varied = Vec::new();
        for (place, byte) in document.iter_mut().enumerate() {
            if let b'#' | b'@' = *byte {
                let one = Varied { place, letter: *byte == b'@' };
                *byte = one.byte(random.next());
                if place < VARIED_UP_TO {
                    varied.push(one);
                }
            }
        }
        Self { document: document.into(), varied }
    }

    /// The data of an event.
    pub(crate) fn numbered(&self, number: Number) -> Bytes {
        let mut document = self.document.to_vec();
        let mut rest = (FIRST_RUN + number.run) * EVENTS_A_RUN + number.event as u64;
        for digit in document.iter_mut().skip(MARK.len()).take(DIGITS).rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        let mut random = Random::from((number.run << 32) ^ number.event as u64);
        for one in &self.varied {
            if let Some(byte) = document.get_mut(one.place) {
                *byte = one.byte(random.next());
            }
        }
        document.into()
    }
}

/// Which event's data stands in `body`.
pub(crate) fn number_in(body: &[u8]) -> Option<Number> {
    let looked_at = body.get(..LOOKED_AT).unwrap_or(body);
    let at = looked_at.windows(MARK.len()).position(|found| found == MARK)?;
    let digits = body.get(at + MARK.len()..at + MARK.len() + DIGITS)?;
    let number = digits
        .iter()
        .try_fold(0, |number: u64, digit| digit.is_ascii_digit().then(|| number * 10 + u64::from(digit - b'0')))?;
    let run = (number / EVENTS_A_RUN).checked_sub(FIRST_RUN)?;
    Some(Number { run, event: usize::try_from(number % EVENTS_A_RUN).ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_has_its_size_is_json_and_tells_its_number() {
        for size in [400, 1_024, 262_144] {
            let data = Payload::of(size).numbered(Number { run: 3, event: 99_999 });
            assert_eq!(data.len(), size);
            let document: serde_json::Value = serde_json::from_slice(&data).expect("JSON");
            assert_eq!(document["n"], 100_300_099_999_u64);
            let body = [br#"{"id":"evt_1","type":"load.test","data":"#, &*data, b"}"].concat();
            assert_eq!(number_in(&body), Some(Number { run: 3, event: 99_999 }));
        }
    }

    #[test]
    fn events_differ_in_a_quarter_to_a_half_of_what_is_usual() {
        let payload = Payload::of(400);
        let of = |event| payload.numbered(Number { run: 0, event });
        let differing = of(1).iter().zip(of(2).iter()).filter(|(one, other)| one != other).count();
        assert!((100..200).contains(&differing), "{differing}");
        assert_eq!(of(1), of(1));
    }

    #[test]
    fn other_bodies_have_no_number() {
        for body in [&b""[..], b"{\"n\":1}", b"{\"n\":00000000001x}", b"{\"n\":000000000012}"] {
            assert_eq!(number_in(body), None);
        }
    }
}
