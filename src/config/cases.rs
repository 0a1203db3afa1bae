//! One bad file a check, under `tests/problems`, with everything that is said about it. `UPDATE=1 cargo test` writes what is said now.

use super::*;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// When the cases are read: the Saturday at nine.
pub(super) const NOW: Timestamp = Timestamp::constant(1_795_251_600, 0);

/// Where a file, or what is said, begins in a case.
const MARK: &str = "=== ";

/// The estate of the cases that have no domains file of their own.
const ESTATE: &str = "\
organization: { name: acme, account_email: \"aws+{domain}-{environment}@acme.example\", home_region: us-west-2, github: acme }
teams: { catalog: {} }
domains:
  catalog: { team: catalog, environments: [prod] }
";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/problems")
}

/// The parts of a case: `=== name`, then a text.
fn parts(case: &str) -> BTreeMap<String, String> {
    let between = format!("\n{MARK}");
    let parts = case.split(&between[..]).filter_map(|part| part.strip_prefix(MARK).unwrap_or(part).split_once('\n'));
    parts.map(|(name, text)| (name.to_owned(), format!("{}\n", text.trim_end()))).collect()
}

fn load_parts(parts: &BTreeMap<String, String>) -> Result<Loaded, Problems> {
    let module = |(path, text): (&String, &String)| Some((module_of(path)?.to_owned(), (path.clone(), text.clone())));
    let domains = parts.get(DOMAINS).map_or(ESTATE, String::as_str);
    load_texts((DOMAINS, domains), &parts.iter().filter_map(module).collect(), NOW)
}

fn said(parts: &BTreeMap<String, String>) -> String {
    match load_parts(parts) {
        Ok(loaded) => show(&loaded.warnings, false),
        Err(problems) => show(&problems, false),
    }
}

/// What the tests of `disk` and of hostile input show instead.
const ELSEWHERE: [&str; 3] = ["unreadable", "too-large", "characters"];

#[test]
fn every_check_finds_its_bad_file() {
    let mut missing: BTreeSet<&str> = TABLE.iter().map(|check| check.name).filter(|name| !ELSEWHERE.contains(name)).collect();
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let case = fs::read_to_string(&path).unwrap();
        let mut parts = parts(&case);
        let expected = parts.remove("said").unwrap_or_default();
        let said = format!("{}\n", said(&parts).trim_end());
        if std::env::var_os("UPDATE").is_some() {
            let files = case.split(&format!("\n{MARK}said\n")[..]).next().unwrap();
            fs::write(&path, format!("{}\n\n{MARK}said\n{said}", files.trim_end())).unwrap();
        } else {
            assert_eq!(said, expected, "{}", path.display());
        }
        let check = path.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(said.contains(&format!("[{check}]")), "{check} is not found in its bad file:\n{said}");
        missing.remove(&check[..]);
    }
    assert_eq!(missing, BTreeSet::new(), "checks without a bad file");
}

#[test]
fn all_problems_of_all_files_come_at_once() {
    let domains = ESTATE.replace("teams:", "temas:").replace("environments: [prod]", "enviroments: [prod]");
    let parts = BTreeMap::from([
        (DOMAINS.to_owned(), domains),
        ("modules/a/module.yaml".to_owned(), "about: x\nresources: [{ kind: vcp, name: main }]\n".to_owned()),
        ("modules/b/module.yaml".to_owned(), "about: [\n".to_owned()),
    ]);
    let problems = load_parts(&parts).unwrap_err();
    let seen: Vec<(&str, u32, &str)> = problems.iter().map(|problem| (&problem.file[..], problem.at.line, problem.check)).collect();
    assert_eq!(
        seen,
        [
            ("domains.yaml", 1, "missing-key"),
            ("domains.yaml", 2, "unknown-key"),
            ("domains.yaml", 4, "unknown-team"),
            ("domains.yaml", 4, "unknown-key"),
            ("modules/a/module.yaml", 2, "unknown-kind"),
            ("modules/b/module.yaml", 1, "syntax"),
        ]
    );
}

#[test]
fn the_shipped_estate_has_no_problems() {
    let loaded = load(Path::new(env!("CARGO_MANIFEST_DIR")), DOMAINS, NOW).map_err(|problems| show(&problems, false)).unwrap();
    assert_eq!(show(&loaded.warnings, false), "0 errors");
    assert_eq!((loaded.domains, loaded.desired.estate.members.len()), (12, 30));
}

#[test]
fn a_module_takes_in_the_files_beside_it() {
    let module = "about: x\nresources: [{ kind: ssm-parameter, name: landfall/x, spec: { value: { text: \"${file.note.json}\" } } }]\n";
    let with = |file: &str, text: &str| {
        let parts = [("modules/notes/module.yaml", module), (file, text)];
        load_parts(&parts.map(|(path, text)| (path.to_owned(), text.to_owned())).into())
    };
    let note = "{ \"is\": \"not ${domain.name}\" }\n";
    let desired = with("modules/notes/note.json", note).map_err(|problems| show(&problems, false)).unwrap().desired;
    let address = "catalog/prod/us-west-2/ssm-parameter/landfall/x".parse().unwrap();
    let spec = serde_json::to_value(&desired.resources[&address].spec).unwrap();
    assert_eq!(spec["ssm-parameter"]["value"]["text"], note, "as it is, and bound no further");
    let said = show(&with("modules/other/note.json", note).unwrap_err(), false);
    assert!(said.contains("error[unknown-binding]: `${file.note.json}` stands for nothing"), "{said}");
    let all = with("modules/notes/note.json", &"x".repeat(11_000_000)).unwrap_err();
    assert!(show(&all, false).contains("too-large"), "what is too much is refused");
}
