//! Alert rules, as Prometheus reads them.

use yaml_rust2::{Yaml, YamlLoader};

use crate::queries::Figures;
use crate::{deploy, text};

pub(crate) fn rules() -> Vec<Yaml> {
    let path = deploy("prometheus/alerts.yaml");
    let files = YamlLoader::load_from_str(&text(&path)).expect("it is YAML");
    let [file] = files.as_slice() else { panic!("one file is one document") };
    let groups = file["groups"].as_vec().expect("groups");
    groups.iter().flat_map(|group| group["rules"].as_vec().expect("rules").clone()).collect()
}

/// The rule's name.
pub(crate) fn name(rule: &Yaml) -> &str {
    rule["alert"].as_str().expect("a name")
}

#[test]
fn every_alert_asks_for_figures_that_there_are() {
    let figures = Figures::listed();
    for rule in rules() {
        figures.check(name(&rule), rule["expr"].as_str().expect("a query"));
    }
}

#[test]
fn every_alert_says_how_bad_it_is_and_where_to_read_on() {
    for rule in rules() {
        let name = name(&rule);
        let known = ["alert", "expr", "for", "labels", "annotations"];
        let keys = rule.as_hash().expect("a rule").keys().filter_map(Yaml::as_str);
        assert!(keys.into_iter().all(|key| known.contains(&key)), "{name}");
        assert!(["critical", "warning"].contains(&rule["labels"]["severity"].as_str().expect("a severity")), "{name}");
        assert!(rule["annotations"]["summary"].as_str().is_some_and(|text| text.ends_with('.')), "{name}");
        let anchor = format!("deploy/runbooks.md#{}", name.to_lowercase());
        assert_eq!(rule["annotations"]["runbook_url"].as_str(), Some(anchor.as_str()), "{name}");
        if let Some(span) = rule["for"].as_str() {
            assert!(span.strip_suffix('m').is_some_and(|minutes| minutes.parse::<u8>().is_ok()), "{name}: {span}");
        }
    }
}

#[test]
fn a_service_that_says_nothing_is_not_ready_either() {
    let rules = rules();
    let rule = rules.iter().find(|rule| name(rule) == "FanfareServiceNotReady").expect("there is such a rule");
    let query = rule["expr"].as_str().expect("a query");
    // A comparison alone finds nothing where there is nothing to compare.
    assert!(query.contains("last_over_time(") && query.contains("unless on (service) (fanfare_ready == 1)"), "{query}");
}
