//! Cursors of lists that are sorted by a time and a key.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fanfare_domain::time::Timestamp;

use super::{Cursor, Page, PageRequest};

const FORMAT: u8 = 1;

/// The row after which a page begins: its time, and the key that tells it from others of that time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyset {
    /// The row's time.
    pub at: Timestamp,
    /// The row's key.
    pub key: Vec<u8>,
}

impl Keyset {
    /// The row of this time and key.
    #[must_use]
    pub fn new(at: Timestamp, key: impl Into<Vec<u8>>) -> Self {
        Self { at, key: key.into() }
    }

    /// As opaque text, good for lists of the same `kind` alone.
    #[must_use]
    pub fn cursor(&self, kind: u8) -> Cursor {
        let mut bytes = Vec::with_capacity(10 + self.key.len());
        bytes.extend_from_slice(&[FORMAT, kind]);
        bytes.extend_from_slice(&self.at.as_millis().to_be_bytes());
        bytes.extend_from_slice(&self.key);
        Cursor(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads what [`Self::cursor`] wrote for a list of this `kind`; `None` if it did not.
    #[must_use]
    pub fn read(cursor: &Cursor, kind: u8) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(&cursor.0).ok()?;
        let (head, rest) = bytes.split_first_chunk::<2>()?;
        let (millis, key) = rest.split_first_chunk::<8>()?;
        (*head == [FORMAT, kind])
            .then(|| Self { at: Timestamp::from_millis(i64::from_be_bytes(*millis)), key: key.to_vec() })
    }

    /// The key as text; `None` if it is none.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.key).ok()
    }
}

impl PageRequest {
    /// The number of rows to give, within the bounds.
    #[must_use]
    pub fn rows(&self) -> u32 {
        self.limit.clamp(1, 200)
    }

    /// Where to go on in a list of this `kind`; `None` is the beginning.
    #[must_use]
    pub fn start(&self, kind: u8) -> Option<Keyset> {
        self.after.as_ref().and_then(|cursor| Keyset::read(cursor, kind))
    }
}

impl<T> Page<T> {
    /// The page of up to `limit` rows that `rows` begin with; one row more than that shows that another page follows.
    #[must_use]
    pub fn cut(mut rows: Vec<(Keyset, T)>, limit: u32, kind: u8) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let goes_on = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| goes_on).map(|(last, _)| last.cursor(kind));
        Self { rows: rows.into_iter().map(|(_, row)| row).collect(), next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_as_it_was_written() {
        for at in [Timestamp::MIN, Timestamp::default(), Timestamp::MAX] {
            let row = Keyset::new(at, "order-1");
            assert_eq!(Keyset::read(&row.cursor(3), 3), Some(row));
        }
    }

    #[test]
    fn a_cursor_that_was_not_made_for_the_list_begins_at_the_beginning() {
        let other_list = Keyset::new(Timestamp::default(), "x").cursor(4);
        for after in [other_list, Cursor(String::new()), Cursor("AQM".into()), Cursor("not base64!".into())] {
            assert_eq!(PageRequest { limit: 1, after: Some(after) }.start(3), None);
        }
    }

    #[test]
    fn a_page_has_between_one_and_two_hundred_rows() {
        let rows = [0, 1, 200, 201, u32::MAX].map(|limit| PageRequest { limit, after: None }.rows());
        assert_eq!(rows, [1, 1, 200, 200, 200]);
    }

    #[test]
    fn a_page_that_is_cut_goes_on_after_its_last_row() {
        let row = |number: u8| (Keyset::new(Timestamp::default(), [number]), number);
        let page = Page::cut(vec![row(3), row(2), row(1)], 2, 7);
        assert_eq!(page.rows, [3, 2]);
        assert_eq!(page.next, Some(row(2).0.cursor(7)));
        assert_eq!(Page::cut(vec![row(3), row(2)], 2, 7).next, None);
    }
}
