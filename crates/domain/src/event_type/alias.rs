//! Several names for one type of event.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{EventType, Pattern};

/// A tenant's aliases. All names of a type are equal: whoever subscribed to one gets what is published under another.
#[derive(Clone, Debug, Default)]
pub struct Aliases {
    /// For each name, all names of its type, itself among them.
    names: BTreeMap<EventType, Arc<[EventType]>>,
}

impl Aliases {
    /// From types and their other names. Groups that share a name are one.
    pub fn new<'a>(types: impl IntoIterator<Item = (&'a EventType, &'a [EventType])>) -> Self {
        let mut aliases = Self::default();
        for (name, others) in types {
            if !others.is_empty() {
                aliases.join(std::iter::once(name).chain(others));
            }
        }
        aliases
    }

    fn join<'a>(&mut self, names: impl Iterator<Item = &'a EventType>) {
        let mut group = BTreeSet::new();
        for name in names {
            group.extend(self.names_of(name).iter().cloned());
            group.insert(name.clone());
        }
        let group: Arc<[EventType]> = group.into_iter().collect();
        for name in &*group {
            self.names.insert(name.clone(), Arc::clone(&group));
        }
    }

    /// All names of the type, itself among them, in alphabetical order; empty if it has no other name.
    #[must_use]
    pub fn names_of(&self, event_type: &EventType) -> &[EventType] {
        self.names.get(event_type).map_or(&[], |names| names)
    }
}

/// Whether one of `patterns` matches the type by any of its names.
#[must_use]
pub fn subscribes(patterns: &[Pattern], event_type: &EventType, aliases: &Aliases) -> bool {
    let names = aliases.names_of(event_type);
    patterns.iter().any(|pattern| pattern.matches(event_type) || names.iter().any(|name| pattern.matches(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(names: &[&str]) -> Vec<EventType> {
        names.iter().map(|name| EventType::new(name).expect("valid")).collect()
    }

    fn wants(patterns: &[&str], event_type: &str, groups: &[&[&str]]) -> bool {
        let patterns: Vec<Pattern> = patterns.iter().map(|text| Pattern::new(text).expect("valid")).collect();
        let groups: Vec<Vec<EventType>> = groups.iter().map(|names| types(names)).collect();
        let aliases = Aliases::new(groups.iter().filter_map(|names| names.split_first()));
        subscribes(&patterns, &EventType::new(event_type).expect("valid"), &aliases)
    }

    #[test]
    fn an_alias_works_both_ways() {
        let scans: &[&[&str]] = &[&["qr.scanned", "scan.created"]];
        assert!(wants(&["qr.scanned"], "scan.created", scans));
        assert!(wants(&["scan.created"], "qr.scanned", scans));
        assert!(wants(&["qr.*"], "scan.created", scans));
        assert!(!wants(&["qr.scanned"], "qr.created", scans));
        assert!(!wants(&[], "qr.scanned", scans));
        assert!(wants(&["a", "b.*"], "b.c", &[]));
    }

    #[test]
    fn groups_that_share_a_name_are_one() {
        let groups: &[&[&str]] = &[&["a", "b"], &["c", "d"], &["b", "c"]];
        for pattern in ["a", "b", "c", "d"] {
            for event in ["a", "b", "c", "d"] {
                assert!(wants(&[pattern], event, groups), "{pattern} {event}");
            }
        }
    }
}
