//! Queries in Prometheus' language, and what they ask for.

use std::collections::BTreeMap;
use std::convert::Infallible;

use fanfare_cluster::Listed;
use promql_parser::parser::{self, AggregateExpr, Expr, VectorSelector};
use promql_parser::util::{ExprVisitor, walk_expr};

/// Labels that Prometheus adds, and that of a histogram's bounds.
const ADDED: [&str; 3] = ["instance", "job", "le"];

/// All figures that can be asked for, with what they come from.
pub(crate) struct Figures(BTreeMap<String, Listed>);

impl Figures {
    pub(crate) fn listed() -> Self {
        let figures = Listed::all().into_iter().flat_map(|listed| {
            let names = match listed.kind.as_str() {
                "histogram" => ["_bucket", "_sum", "_count"].map(|suffix| format!("{}{suffix}", listed.name)).to_vec(),
                _ => vec![listed.name.clone()],
            };
            names.into_iter().map(move |name| (name, listed.clone()))
        });
        Self(figures.collect())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Checks a query; gives the names that it asks for.
    ///
    /// # Panics
    /// If it is not in the language, or asks for a figure or label that there is not.
    pub(crate) fn check(&self, place: &str, query: &str) -> Vec<String> {
        // Grafana puts a duration in place of this.
        let query = query.replace("$__rate_interval", "5m");
        let expression = parser::parse(&query).unwrap_or_else(|error| panic!("{place}: {error}: {query}"));
        let mut asked = Asked { figures: self, place, query: &query, names: Vec::new(), is_last: false };
        let Ok(_) = walk_expr(&mut asked, &expression);
        assert!(!asked.names.is_empty(), "{place} asks for nothing: {query}");
        asked.names
    }
}

struct Asked<'a> {
    figures: &'a Figures,
    place: &'a str,
    query: &'a str,
    names: Vec<String>,
    /// Whether the range that follows is one of which only the last value is taken.
    is_last: bool,
}

impl Asked<'_> {
    fn figure(&mut self, selector: &VectorSelector, is_range: bool) {
        let Self { place, query, .. } = *self;
        let name = selector.name.clone().unwrap_or_else(|| panic!("{place} names no figure: {query}"));
        let listed = self.figures.0.get(&name).unwrap_or_else(|| panic!("{place}: there is no {name}: {query}"));
        // The rise of a gauge says nothing, and what a counter stands at does not either.
        let is_counted = listed.kind != "gauge";
        assert_eq!(is_range, is_counted, "{place}: {name} is a {}: {query}", listed.kind);
        for matcher in &selector.matchers.matchers {
            assert!(is_label(listed, &matcher.name), "{place}: {name} has no {}: {query}", matcher.name);
        }
        self.names.push(name);
    }

    /// What is grouped by, some figure below must have.
    fn grouping(&self, aggregate: &AggregateExpr) {
        let mut below =
            Asked { figures: self.figures, place: self.place, query: self.query, names: Vec::new(), is_last: false };
        let Ok(_) = walk_expr(&mut below, &aggregate.expr);
        for label in aggregate.modifier.iter().flat_map(|modifier| &modifier.labels().labels) {
            let known = below.names.iter().any(|name| is_label(&self.figures.0[name], label));
            assert!(known, "{}: nothing has {label}: {}", self.place, self.query);
        }
    }
}

fn is_label(listed: &Listed, label: &str) -> bool {
    ADDED.contains(&label) || listed.labels.iter().any(|known| known == label)
}

impl ExprVisitor for Asked<'_> {
    type Error = Infallible;

    fn pre_visit(&mut self, expression: &Expr) -> Result<bool, Infallible> {
        match expression {
            Expr::VectorSelector(selector) => self.figure(selector, false),
            // What was told last is a value as any other.
            Expr::Call(call) => self.is_last = call.func.name == "last_over_time",
            Expr::MatrixSelector(range) => self.figure(&range.vs, !self.is_last),
            Expr::Aggregate(aggregate) => self.grouping(aggregate),
            _ => {}
        }
        Ok(true)
    }
}
