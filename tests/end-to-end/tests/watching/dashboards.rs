//! Dashboards, as Grafana provisions them.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::queries::Figures;
use crate::{deploy, text};

/// The overview, and one for each service.
const DASHBOARDS: [&str; 7] = ["overview", "ingest", "router", "worker", "scheduler", "logs", "api"];

fn dashboards() -> Vec<(String, Value)> {
    DASHBOARDS
        .iter()
        .map(|name| {
            let text = text(&deploy(&format!("grafana/{name}.json")));
            ((*name).to_owned(), serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}")))
        })
        .collect()
}

/// Panels that show something.
fn panels(dashboard: &Value) -> impl Iterator<Item = &Value> {
    dashboard["panels"].as_array().into_iter().flatten().filter(|panel| panel["type"] != "row")
}

#[test]
fn every_dashboard_can_be_provisioned_beside_the_others() {
    let mut uids = BTreeSet::new();
    for (name, dashboard) in dashboards() {
        assert!(uids.insert(dashboard["uid"].as_str().expect("a uid").to_owned()), "{name}");
        let variable = &dashboard["templating"]["list"][0];
        assert_eq!((&variable["name"], &variable["type"]), (&"datasource".into(), &"datasource".into()), "{name}");
        let mut ids = BTreeSet::new();
        for panel in panels(&dashboard) {
            let title = panel["title"].as_str().expect("a title");
            assert!(ids.insert(panel["id"].as_u64()), "{name}: {title}");
            assert!(panel["description"].as_str().is_some_and(|text| text.len() > 10), "{name}: {title}");
            assert!(panel["fieldConfig"]["defaults"]["unit"].is_string(), "{name}: {title}");
            assert_eq!(panel["datasource"]["uid"], "${datasource}", "{name}: {title}");
        }
        assert!(ids.len() >= 5, "{name}");
    }
    let files = std::fs::read_dir(deploy("grafana")).expect("a folder").map(|file| file.expect("a file").path());
    let found = files.filter(|path| path.extension().is_some_and(|extension| extension == "json")).count();
    assert_eq!(found, DASHBOARDS.len(), "each dashboard is checked");
}

#[test]
fn every_panel_asks_for_figures_that_there_are() {
    let figures = Figures::listed();
    for (name, dashboard) in dashboards() {
        for panel in panels(&dashboard) {
            let place = format!("{name}: {}", panel["title"]);
            let targets = panel["targets"].as_array().expect("targets");
            assert!(!targets.is_empty(), "{place}");
            for target in targets {
                figures.check(&place, target["expr"].as_str().expect("a query"));
            }
        }
    }
}

/// Whoever looks at something finds it: no figure is told for nobody.
#[test]
fn every_figure_is_on_some_dashboard() {
    let figures = Figures::listed();
    let all = dashboards();
    let asked: BTreeSet<String> = all
        .iter()
        .flat_map(|(name, dashboard)| panels(dashboard).map(move |panel| (name, panel)))
        .flat_map(|(name, panel)| panel["targets"].as_array().into_iter().flatten().map(move |one| (name, one)))
        .flat_map(|(name, target)| figures.check(name, target["expr"].as_str().expect("a query")))
        .collect();
    for listed in fanfare_cluster::Listed::all() {
        assert!(asked.iter().any(|name| name.starts_with(&listed.name)), "{} is on no dashboard", listed.name);
    }
}
