//! Named figures of a run, the medians of several runs, and percentiles.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

/// Of these the worst of all runs counts: a median would hide them.
const WORST: [&str; 4] = ["lost", "duplicates", "strays", "signatures.bad"];

/// Figures by name. A dot in a name opens a group.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Figures(BTreeMap<String, f64>);

impl Figures {
    pub(crate) fn set(&mut self, name: &str, figure: f64) {
        self.0.insert(name.to_owned(), figure);
    }

    pub(crate) fn get(&self, name: &str) -> Option<f64> {
        self.0.get(name).copied()
    }

    /// The figures of a group, by what stands behind the dot.
    pub(crate) fn group<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, f64)> {
        let names = self.0.iter();
        names.filter_map(move |(full, figure)| Some((full.strip_prefix(name)?.strip_prefix('.')?, *figure)))
    }

    /// A figure, and the same figure in all groups.
    pub(crate) fn find<'a>(&'a self, name: &'a str) -> impl Iterator<Item = f64> {
        self.0.iter().filter(move |(full, _)| is_called(full, name)).map(|(_, figure)| *figure)
    }

    /// The figures that are in no group.
    pub(crate) fn others(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().filter(|(name, _)| !name.contains('.')).map(|(name, figure)| (name.as_str(), *figure))
    }

    /// The groups in a group, by name: figures under other circumstances.
    pub(crate) fn inner(&self, group: &str) -> BTreeMap<String, Self> {
        let mut inner: BTreeMap<String, Self> = BTreeMap::new();
        for (name, figure) in self.group(group) {
            if let Some((which, name)) = name.split_once('.') {
                inner.entry(which.to_owned()).or_default().set(name, figure);
            }
        }
        inner
    }

    pub(crate) fn sum(&self, group: &str) -> f64 {
        self.group(group).map(|(_, figure)| figure).sum()
    }

    /// Adds what `other` says; where both say something, `other` is right.
    pub(crate) fn add(&mut self, other: &Self) {
        self.0.extend(other.0.iter().map(|(name, figure)| (name.clone(), *figure)));
    }

    /// Adds what `other` says, as a group.
    pub(crate) fn add_group(&mut self, name: &str, other: &Self) {
        self.0.extend(other.0.iter().map(|(inner, figure)| (format!("{name}.{inner}"), *figure)));
    }

    /// 50th, 95th and 99th percentile and the largest of `micros`, in milliseconds.
    pub(crate) fn set_percentiles(&mut self, name: &str, mut micros: Vec<u64>) {
        micros.sort_unstable();
        for (percentile, part) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0)] {
            self.set(&format!("{name}.{percentile}"), at(&micros, part) as f64 / 1e3);
        }
    }

    /// What each process used for one of `number`, in microseconds.
    pub(crate) fn set_cpu(&mut self, name: &str, used: &BTreeMap<String, Duration>, number: u64) {
        for (process, used) in used {
            self.set(&format!("{name}.{process}"), per(*used, number));
        }
    }

    /// The median of each figure.
    pub(crate) fn medians(runs: &[Self]) -> Self {
        let mut all: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for (name, figure) in runs.iter().flat_map(|run| &run.0) {
            all.entry(name).or_default().push(*figure);
        }
        let medians = all.into_iter().map(|(name, mut figures)| {
            figures.sort_unstable_by(f64::total_cmp);
            let worst = WORST.iter().any(|worst| is_called(name, worst));
            let figure = if worst { figures.last().copied() } else { median(&figures) };
            (name.to_owned(), figure.unwrap_or_default())
        });
        Self(medians.collect())
    }

    /// The figures as nested objects.
    pub(crate) fn to_json(&self) -> Value {
        let mut root = Map::new();
        for (name, figure) in &self.0 {
            let mut parts: Vec<&str> = name.split('.').collect();
            let last = parts.pop().unwrap_or_default();
            let mut object = Some(&mut root);
            for part in parts {
                object = object
                    .map(|object| object.entry(part).or_insert_with(|| Value::Object(Map::new())))
                    .and_then(Value::as_object_mut);
            }
            if let Some(object) = object {
                object.insert(last.to_owned(), number(*figure));
            }
        }
        Value::Object(root)
    }
}

/// Whether a full name is `name`, in whatever group.
fn is_called(full: &str, name: &str) -> bool {
    full.strip_suffix(name).is_some_and(|group| group.is_empty() || group.ends_with('.'))
}

/// Whole numbers without a point, others with three decimals.
fn number(figure: f64) -> Value {
    let rounded = (figure * 1e3).round() / 1e3;
    if rounded.fract() == 0.0 && rounded.abs() < 1e15 { Value::from(rounded as i64) } else { Value::from(rounded) }
}

/// Microseconds for each of `number`.
pub(crate) fn per(used: Duration, number: u64) -> f64 {
    used.as_secs_f64() * 1e6 / number.max(1) as f64
}

fn at(sorted: &[u64], part: f64) -> u64 {
    let rank = (sorted.len() as f64 * part).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// Of sorted figures; the mean of the middle two, where their number is even.
fn median(sorted: &[f64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    if sorted.len() % 2 == 1 { Some(upper) } else { Some((sorted.get(middle - 1)? + upper) / 2.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let mut figures = Figures::default();
        figures.set_percentiles("ms", (1..=200).rev().map(|millis| millis * 1000).collect());
        let found: Vec<f64> =
            ["p50", "p95", "p99", "max"].map(|name| figures.get(&format!("ms.{name}")).expect("set")).into();
        assert_eq!(found, [100.0, 190.0, 198.0, 200.0]);
        figures.set_percentiles("none", Vec::new());
        assert_eq!(figures.get("none.p99"), Some(0.0));
    }

    #[test]
    fn medians_are_taken_of_each_figure_but_the_worst_loss_counts() {
        let runs = [(1.0, 0.0), (9.0, 2.0), (4.0, 0.0)].map(|(rate, lost)| {
            let mut figures = Figures::default();
            figures.set("rate", rate);
            figures.set("lost", lost);
            figures.set("smaller.lost", lost);
            figures
        });
        let medians = Figures::medians(&runs);
        assert_eq!((medians.get("rate"), medians.get("lost")), (Some(4.0), Some(2.0)));
        assert_eq!(medians.get("smaller.lost"), Some(2.0));
    }

    #[test]
    fn groups_become_objects() {
        let mut figures = Figures::default();
        figures.set("lost", 0.0);
        figures.set("cpu.worker", 12.34567);
        figures.set("cpu.nats", 1.0);
        assert_eq!(figures.sum("cpu"), 13.34567);
        assert_eq!(figures.to_json(), serde_json::json!({"lost": 0, "cpu": {"nats": 1, "worker": 12.346}}));
    }
}
