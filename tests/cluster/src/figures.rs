//! What a process tells on `/metrics`.

use std::collections::{BTreeMap, BTreeSet};

/// Figures as they were at one moment, read strictly after
/// [Prometheus' text format](https://prometheus.io/docs/instrumenting/exposition_formats/).
#[derive(Clone, Debug, Default)]
pub struct Figures {
    families: BTreeMap<String, Family>,
}

/// All figures of one name.
#[derive(Clone, Debug, Default)]
pub struct Family {
    /// `counter`, `gauge` or `histogram`.
    pub kind: String,
    /// What it says of itself.
    pub help: String,
    /// Each figure, by its name (a histogram's has a suffix) and labels.
    samples: Vec<(String, BTreeMap<String, String>, f64)>,
}

impl Family {
    /// The labels that its figures have, but for a histogram's bounds.
    #[must_use]
    pub fn labels(&self) -> BTreeSet<&str> {
        let labels = self.samples.iter().flat_map(|(_, labels, _)| labels.keys().map(String::as_str));
        labels.filter(|label| *label != "le").collect()
    }
}

impl Figures {
    /// Reads the text.
    ///
    /// # Panics
    /// If it is not as the format has it.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut families: BTreeMap<String, Family> = BTreeMap::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            let wrong = || panic!("not a line of a page of figures: {line:?}");
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, help) = help.split_once(' ').unwrap_or_else(wrong);
                assert!(!families.contains_key(name), "{name} comes twice");
                families.entry(name.to_owned()).or_default().help = help.to_owned();
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').unwrap_or_else(wrong);
                families.entry(name.to_owned()).or_default().kind = kind.to_owned();
            } else {
                let (series, value) = line.rsplit_once(' ').unwrap_or_else(wrong);
                let (name, labels) = series.split_once('{').map_or((series, ""), |(name, labels)| {
                    (name, labels.strip_suffix('}').unwrap_or_else(|| panic!("no end of labels: {line:?}")))
                });
                let family = family_of(&mut families, name).unwrap_or_else(|| panic!("no type before {line:?}"));
                let value = value.parse().unwrap_or_else(|_| panic!("no number: {line:?}"));
                family.samples.push((name.to_owned(), labels_of(labels), value));
            }
        }
        Self { families }
    }

    /// All families, by name.
    pub fn families(&self) -> impl Iterator<Item = (&str, &Family)> {
        self.families.iter().map(|(name, family)| (name.as_str(), family))
    }

    /// The sum of all figures of this name that have these labels, among others; `None` if there is none.
    ///
    /// A histogram's name has a suffix: `_count`, `_sum` or `_bucket`.
    #[must_use]
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let has = |found: &BTreeMap<String, String>| {
            labels.iter().all(|(label, value)| found.get(*label).is_some_and(|found| found == value))
        };
        let found: Vec<f64> = self
            .families
            .values()
            .flat_map(|family| &family.samples)
            .filter(|(of, found, _)| of == name && has(found))
            .map(|(_, _, value)| *value)
            .collect();
        (!found.is_empty()).then(|| found.iter().sum())
    }
}

fn family_of<'a>(families: &'a mut BTreeMap<String, Family>, name: &str) -> Option<&'a mut Family> {
    let of_histogram = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| {
        let base = name.strip_suffix(suffix)?;
        families.get(base).is_some_and(|family| family.kind == "histogram").then(|| base.to_owned())
    });
    families.get_mut(of_histogram.as_deref().unwrap_or(name))
}

/// Labels as `name="value",…`. No value of ours has a comma or a quote.
fn labels_of(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split(',').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or_else(|| panic!("not a label: {pair:?}"));
            (name.to_owned(), value.trim_matches('"').to_owned())
        })
        .collect()
}

/// A figure on the list that people read, `deploy/metrics.md`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name in OpenTelemetry.
    pub open_telemetry: String,
    /// Its name in Prometheus; a histogram's figures have a suffix.
    pub name: String,
    /// `counter`, `gauge` or `histogram`.
    pub kind: String,
    /// Its labels, in order.
    pub labels: Vec<String>,
    /// The services that tell it, in order; `all` if all do.
    pub told_by: String,
    /// What it says of itself.
    pub help: String,
}

impl Listed {
    /// The whole list.
    ///
    /// # Panics
    /// If a row does not have six cells, or the two names do not belong together.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let list = include_str!("../../../deploy/metrics.md");
        list.lines().filter(|line| line.starts_with("| `")).map(Self::row).collect()
    }

    fn row(line: &str) -> Self {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect();
        let [open_telemetry, name, kind, labels, told_by, help] = cells.try_into().expect("a row has six cells");
        assert!(name.starts_with(&open_telemetry.replace('.', "_")), "{open_telemetry} is not {name}");
        let labels = labels.split(", ").filter(|label| !label.is_empty()).map(str::to_owned).collect();
        Self { open_telemetry, name, kind, labels, told_by, help }
    }
}
