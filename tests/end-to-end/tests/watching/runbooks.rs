//! Runbooks: what an alert means, how to see why, and what to do.

use std::collections::{BTreeMap, BTreeSet};

use crate::alerts;
use crate::queries::Figures;
use crate::{deploy, text};

fn runbooks() -> String {
    text(&deploy("runbooks.md"))
}

/// Each alert's paragraph, by the alert's name.
fn paragraphs(text: &str) -> BTreeMap<&str, &str> {
    let sections = text.split("\n### ").skip(1).map(|section| section.split_once('\n').expect("a heading's line ends"));
    sections.map(|(name, rest)| (name, rest.split("\n## ").next().unwrap_or(rest))).collect()
}

#[test]
fn every_alert_has_its_paragraph_and_every_paragraph_its_alert() {
    let (text, rules) = (runbooks(), alerts::rules());
    let paragraphs = paragraphs(&text);
    let alerts: BTreeSet<&str> = rules.iter().map(alerts::name).collect();
    assert_eq!(paragraphs.keys().copied().collect::<BTreeSet<_>>(), alerts);
    for (name, paragraph) in paragraphs {
        let places: Vec<_> =
            ["**Means.**", "**See why.**", "**Do.**"].iter().map(|part| paragraph.find(part)).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{name} has its three parts in order");
    }
}

#[test]
fn paragraphs_name_figures_and_places_that_there_are() {
    let (text, figures) = (runbooks(), Figures::listed());
    let bases: BTreeSet<String> = fanfare_cluster::Listed::all().into_iter().map(|listed| listed.name).collect();
    let is_part = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    for (at, _) in text.match_indices("fanfare_").chain(text.match_indices("db_client_")) {
        let rest = &text[at..];
        let end = rest.find(|letter| !is_part(letter)).unwrap_or(rest.len());
        let name = &rest[..end];
        // A beginning of names, or a crate whose lines are wanted.
        if name == "fanfare_" || rest[end..].starts_with("=debug") {
            continue;
        }
        assert!(figures.has(name) || bases.contains(name), "there is no {name}");
    }
    for link in text.split("](#").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(paragraphs(&text).keys().any(|name| name.to_lowercase() == link), "there is no {link}");
    }
    for file in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).filter(|file| !file.starts_with('#'))
    {
        assert!(deploy(file).exists(), "there is no {file}");
    }
}
