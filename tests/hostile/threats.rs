//! SECURITY.md names the test that shows each of its claims: each of them is there. Judges no test.

use std::path::Path;

/// The links of the form [`name`](file).
fn links(page: &str) -> Vec<(&str, &str)> {
    let parts = page.split("[`").skip(1);
    parts.filter_map(|part| part.split_once("`](").and_then(|(name, rest)| Some((name, rest.split_once(')')?.0)))).collect()
}

#[test]
fn every_test_that_the_threat_model_names_is_there() {
    let links = links(include_str!("../../SECURITY.md"));
    assert!(links.len() > 30, "{} links", links.len());
    for (name, file) in links {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap_or_default();
        assert!(text.contains(&format!("fn {name}(")), "SECURITY.md says that {name} in {file} shows something, and it is not there");
    }
}

#[test]
fn every_threat_of_the_model_has_its_table() {
    let page = include_str!("../../SECURITY.md");
    for threat in ["A malicious pull request", "A compromised account", "A stolen plan file", "A stale job", "A curious contractor"] {
        let section = page.split(&format!("### {threat}\n")).nth(1).unwrap_or_else(|| panic!("nothing about: {threat}"));
        let table = section.split("\n### ").next().unwrap_or_default();
        assert!(table.lines().filter(|line| line.starts_with("| ") && line.contains("](")).count() >= 3, "{threat}: too few claims");
    }
}
