//! What is shown and written in the end.

use std::fs;
use std::io;
use std::path::Path;

use serde_json::{Map, Value};

use crate::figures::Figures;

/// What was measured, by case, in the order in which it was.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// On what it was measured.
    machine: String,
    cases: Vec<(String, Figures)>,
    /// What must not be.
    problems: Vec<String>,
}

/// A column: its title, the figure, and how many decimals it is shown with.
const COLUMNS: [(&str, &str, usize); 11] = [
    ("accepted/s", "accepted_per_s", 0),
    ("deliveries/s", "deliveries_per_s", 0),
    ("p50 ms", "latency_ms.p50", 1),
    ("p95 ms", "latency_ms.p95", 1),
    ("p99 ms", "latency_ms.p99", 1),
    ("max ms", "latency_ms.max", 1),
    ("late p99", "late_ms.p99", 1),
    ("CPU µs", "cpu_us_sum", 1),
    ("ratio", "ratio_to_parts", 2),
    ("again", "duplicates", 0),
    ("lost", "lost", 0),
];
/// Groups of which each process is shown.
const GROUPS: [(&str, &str); 6] = [
    ("CPU µs per delivery", "cpu_us_per_delivery"),
    ("CPU µs of the load", "load_cpu_us_per_delivery"),
    ("peak MiB", "peak_memory_mib"),
    ("disk, ms for a sync", "disk_sync_ms"),
    ("CPU µs by part", "by_part_us"),
    ("256 KiB at fan-out 4", "large"),
];
/// Groups of figures under other circumstances, which have rows of their own.
const VARIANTS: [&str; 3] = ["by_tenants", "by_events", "by_size"];

impl Report {
    pub(crate) fn of(machine: String) -> Self {
        Self { machine, ..Self::default() }
    }

    pub(crate) fn add(&mut self, case: String, figures: Figures) {
        for (figure, what) in [
            ("lost", "deliveries were lost"),
            ("signatures.bad", "signatures were wrong"),
            ("strays", "posts went astray"),
        ] {
            let inner = figures.find(figure).fold(0.0, f64::max);
            if inner > 0.0 {
                self.problems.push(format!("{case}: {inner} {what}"));
            }
        }
        self.cases.push((case, figures));
    }

    pub(crate) fn add_failure(&mut self, case: &str, why: &str) {
        self.problems.push(format!("{case}: {why}"));
    }

    /// Whether everything was measured and nothing was lost.
    pub(crate) fn is_good(&self) -> bool {
        self.problems.is_empty()
    }

    /// The table for people.
    pub(crate) fn to_text(&self) -> String {
        let mut text = format!("{}\n\n{:16}", self.machine, "case");
        for (title, ..) in COLUMNS {
            text.push_str(&format!("{title:>13}"));
        }
        for (case, figures) in &self.cases {
            text.push_str(&row(case, figures));
            for (name, figures) in VARIANTS.iter().flat_map(|variants| figures.inner(variants)) {
                text.push_str(&row(&format!("  {name}"), &figures));
            }
        }
        for (case, figures) in &self.cases {
            text.push_str(&format!("\n\n{case}"));
            for (title, group) in GROUPS {
                let shown: Vec<_> = figures.group(group).map(|(name, figure)| format!("{name} {figure:.1}")).collect();
                if !shown.is_empty() {
                    text.push_str(&format!("\n  {title}: {}", shown.join(", ")));
                }
            }
            let others: Vec<_> = figures.others().map(|(name, figure)| format!("{name} {figure:.1}")).collect();
            if !others.is_empty() {
                text.push_str(&format!("\n  {}", others.join(", ")));
            }
        }
        for problem in &self.problems {
            text.push_str(&format!("\n\nNOT GOOD: {problem}"));
        }
        text
    }

    /// Writes the figures as JSON.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        fs::write(path, format!("{:#}\n", self.to_json()))
    }

    fn to_json(&self) -> Value {
        Value::Object(self.cases.iter().map(|(case, figures)| (case.clone(), json_of(case, figures))).collect())
    }
}

fn row(name: &str, figures: &Figures) -> String {
    let mut row = format!("\n{name:16}");
    for (_, figure, decimals) in COLUMNS {
        let shown = figures.get(figure).map_or_else(|| "-".to_owned(), |figure| format!("{figure:.decimals$}"));
        row.push_str(&format!("{shown:>13}"));
    }
    row
}

fn json_of(case: &str, figures: &Figures) -> Value {
    let mut figures = figures.to_json();
    if case != "parts"
        && let Some(object) = figures.as_object_mut()
    {
        object.entry("ratio_to_parts").or_insert(Value::Null);
        object.entry("cpu_us_per_delivery").or_insert_with(|| Value::Object(Map::new()));
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(of: &[(&str, f64)]) -> Figures {
        let mut figures = Figures::default();
        of.iter().for_each(|(name, figure)| figures.set(name, *figure));
        figures
    }

    #[test]
    fn the_json_has_each_case_with_its_figures_and_says_where_a_ratio_is_missing() {
        let mut report = Report::default();
        report.add("parts".to_owned(), figures(&[("cpu_us", 50.0)]));
        report.add("fanout1".to_owned(), figures(&[("deliveries_per_s", 10.5), ("cpu_us_per_delivery.nats", 7.0)]));
        let expected = serde_json::json!({
            "parts": {"cpu_us": 50},
            "fanout1": {"deliveries_per_s": 10.5, "cpu_us_per_delivery": {"nats": 7}, "ratio_to_parts": null},
        });
        assert_eq!(report.to_json(), expected);
        assert!(report.is_good());
    }

    #[test]
    fn a_loss_is_told_wherever_it_was() {
        let mut report = Report::default();
        report.add("sizes".to_owned(), figures(&[("lost", 0.0), ("by_size.1KiB.lost", 2.0)]));
        assert!(!report.is_good());
        assert!(report.to_text().contains("\n  1KiB  "), "{}", report.to_text());
        assert!(report.to_text().contains("NOT GOOD: sizes: 2 deliveries were lost"));
    }
}
