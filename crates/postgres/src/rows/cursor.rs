//! Where lists go on: the list's letter, and the time and key of the last row that was shown.

use fanfare_ports::store::{Cursor, Page};

/// The lists, each with its own cursors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    Events,
    Deliveries,
    Subjects,
    Candidates,
    Tenants,
    Webhooks,
    EventTypes,
    ApiKeys,
    Audit,
}

impl List {
    const fn letter(self) -> &'static str {
        match self {
            Self::Events => "e",
            Self::Deliveries => "d",
            Self::Subjects => "s",
            Self::Candidates => "c",
            Self::Tenants => "t",
            Self::Webhooks => "w",
            Self::EventTypes => "n",
            Self::ApiKeys => "k",
            Self::Audit => "a",
        }
    }

    /// The cursor after the row of `time` and `key`.
    pub(crate) fn after(self, time: i64, key: impl std::fmt::Display) -> Cursor {
        Cursor(format!("{}.{time}.{key}", self.letter()))
    }

    /// What [`Self::after`] wrote; `None` for every other text.
    pub(crate) fn read<K>(self, cursor: Option<&Cursor>, key: impl FnOnce(&str) -> Option<K>) -> Option<(i64, K)> {
        let mut parts = cursor?.0.splitn(3, '.');
        let (letter, time, text) = (parts.next()?, parts.next()?, parts.next()?);
        if letter != self.letter() {
            return None;
        }
        Some((time.parse().ok()?, key(text)?))
    }
}

/// Cuts `rows`, of which one more than `limit` was read, to a page.
pub(crate) fn page<T>(mut rows: Vec<T>, limit: usize, cursor: impl FnOnce(&T) -> Cursor) -> Page<T> {
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = if more { rows.last().map(cursor) } else { None };
    Page { rows, next }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_by_its_own_list_alone() {
        let cursor = List::Events.after(-5, "a.b");
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(List::Events.read(Some(&cursor), text), Some((-5, "a.b".to_owned())));
        assert_eq!(List::Deliveries.read(Some(&cursor), text), None);
        for strange in ["", "e", "e.5", "e.x.y", ".", "e..", "é.1.1"] {
            assert_eq!(List::Events.read(Some(&Cursor(strange.to_owned())), text), None, "{strange}");
        }
    }
}
