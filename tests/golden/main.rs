//! Whole plans as text: a folder a case. `domains.yaml` and `modules/` (the repository's where there are none) and `live.yaml` go in;
//! `plan.txt`, and where the folder has them, `plan.json`, `comment.md` and `page.html` have to come out. `LANDFALL_BLESS=1 cargo test --test golden` writes what comes out.

#[path = "../estates/mod.rs"]
mod estates;

use landfall::config::{load_texts, module_of, show};
use landfall::kinds::Spec;
use landfall::model::{Account, Address, KindName, RemoteId, canonical};
use landfall::plan::{Desired, Found, Live, Stranger, check, plan};
use landfall::render::comment::{Occasion, comment};
use landfall::render::{Options, json, page, text};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Live state, told as the difference from what some files made, so that a reader sees what is special about a case.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Told {
    /// A domains file of the case, all of which lives before the rest is done to it; nothing lives without.
    applied: Option<String>,
    /// Addresses of which nothing lives any more.
    gone: BTreeSet<Address>,
    /// Fields that somebody changed by hand, as JSON merge patches (RFC 7386).
    changed: BTreeMap<Address, Value>,
    // As in `Live`.
    found: BTreeMap<Address, Found>,
    strangers: Vec<Stranger>,
    twins: BTreeMap<Address, Vec<RemoteId>>,
    unreadable: BTreeMap<Account, BTreeMap<KindName, String>>,
}

#[test]
fn every_case_comes_out_as_it_should() {
    let mut wrong = Vec::new();
    for case in cases() {
        let desired = desired(&case, "domains.yaml");
        let live = live(&case);
        let (plan, report) = plan(&desired, &live);
        wrong.extend(check(&desired, &live, &plan).into_iter().map(|found| format!("{}: {found}", case.display())));
        let shown = text(&plan, &report, Options::default());
        wrong.extend(differs(&case.join("plan.txt"), &shown));
        if case.join("comment.md").exists() {
            wrong.extend(differs(&case.join("comment.md"), &comment(&plan, &report, &occasion())));
        }
        if case.join("plan.json").exists() {
            wrong.extend(differs(&case.join("plan.json"), &json(&plan, &report)));
        }
        if case.join("page.html").exists() {
            wrong.extend(differs(&case.join("page.html"), &in_lines(&page(&plan, &report))));
        }
    }
    assert!(wrong.is_empty(), "{}\n(LANDFALL_BLESS=1 writes what comes out)", wrong.join("\n"));
}

fn occasion() -> Occasion {
    let run = Some((4711, "https://github.com/acme-example/platform/actions/runs/4711".to_owned()));
    Occasion { commit: "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c".to_owned(), run, previous: None }
}

/// A page, a tag a line, without its style and its script, which are files of their own.
fn in_lines(page: &str) -> String {
    let without = |page: &str, begin: &str, end: &str| {
        let (before, rest) = page.split_once(begin).expect("the page has one");
        let (_, after) = rest.split_once(end).expect("and it ends");
        format!("{before}{begin}{end}{after}")
    };
    without(&without(page, "<style>", "</style>"), "<script>", "</script>").replace("><", ">\n<")
}

#[test]
fn the_order_of_domains_in_the_file_changes_no_byte() {
    let text = fs::read_to_string(root().join("domains.yaml")).expect("the repository's domains.yaml");
    let mut fields: BTreeMap<String, Value> = serde_yaml::from_str(&text).expect("the repository's domains.yaml");
    let Some(Value::Object(domains)) = fields.remove("domains") else { panic!("no domains") };
    let others: Vec<String> = fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let bytes = |turn: usize| {
        let mut entries: Vec<String> = domains.iter().map(|(name, value)| format!("  {name}: {value}")).collect();
        entries.rotate_left(turn);
        let text = format!("{}\ndomains:\n{}\n", others.join("\n"), entries.join("\n"));
        canonical(&plan(&loaded("domains.yaml", &text, &root().join("modules")), &Live::default()))
    };
    let first = bytes(0);
    assert!((1..domains.len()).all(|turn| bytes(turn) == first));
}

fn cases() -> Vec<PathBuf> {
    let folders = fs::read_dir(root().join("tests/golden")).expect("tests/golden");
    let mut cases: Vec<PathBuf> = folders.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir()).collect();
    cases.sort();
    assert!(!cases.is_empty());
    cases
}

/// The case's own file, or else the repository's.
fn desired(case: &Path, file: &str) -> Desired {
    let own = |name: &str| Some(case.join(name)).filter(|path| path.exists()).unwrap_or_else(|| root().join(name));
    let path = own(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    loaded("domains.yaml", &text, &own("modules"))
}

fn loaded(name: &str, text: &str, modules: &Path) -> Desired {
    let folders = fs::read_dir(modules).expect("modules").map(|entry| entry.expect("an entry").path());
    let files = folders.filter(|folder| folder.is_dir()).flat_map(|folder| fs::read_dir(folder).expect("a module"));
    let part = |file: PathBuf| {
        let path = format!("modules/{}", file.strip_prefix(modules).ok()?.to_str()?);
        Some((module_of(&path)?.to_owned(), (path.clone(), fs::read_to_string(file).ok()?)))
    };
    let modules = files.filter_map(|file| part(file.expect("an entry").path())).collect();
    match load_texts((name, text), &modules, "2026-11-21T09:00:00Z".parse().unwrap()) {
        Ok(loaded) => loaded.desired,
        Err(problems) => panic!("{}", show(&problems, false)),
    }
}

fn live(case: &Path) -> Live {
    let text = fs::read_to_string(case.join("live.yaml")).unwrap_or_default();
    let told: Told = if text.trim().is_empty() { Told::default() } else { serde_yaml::from_str(&text).expect("live.yaml") };
    let Told { applied, gone, changed, found, strangers, twins, unreadable } = told;
    let mut live = applied.map(|file| all_of(&desired(case, &file))).unwrap_or_default();
    for at in &gone {
        assert!(live.found.remove(at).is_some(), "{at} does not live");
    }
    for (at, patch) in &changed {
        let resource = live.found.get_mut(at).unwrap_or_else(|| panic!("{at} does not live"));
        resource.spec = patched(&resource.spec, patch);
    }
    live.found.extend(found);
    // An unread kind is not found either.
    live.found.retain(|at, _| !unreadable.get(&at.account).is_some_and(|kinds| kinds.contains_key(&at.kind)));
    Live { strangers, twins, unreadable, ..live }
}

fn all_of(desired: &Desired) -> Live {
    estates::applied(&plan(desired, &Live::default()).0, &Live::default())
}

fn patched(spec: &Spec, patch: &Value) -> Spec {
    let mut fields = serde_json::to_value(spec).expect("a spec has a JSON form");
    let inner = fields.as_object_mut().and_then(|kinds| kinds.values_mut().next()).expect("a spec is its kind and its fields");
    merge(inner, patch);
    serde_json::from_value(fields).expect("the patched spec")
}

fn merge(value: &mut Value, patch: &Value) {
    match (value, patch) {
        (Value::Object(fields), Value::Object(patches)) => {
            for (name, patch) in patches {
                if patch.is_null() {
                    fields.remove(name);
                } else {
                    merge(fields.entry(name.clone()).or_insert(Value::Null), patch);
                }
            }
        }
        (value, patch) => *value = patch.clone(),
    }
}

/// What is wrong with a golden file, if anything; in bless mode it is rewritten.
fn differs(path: &Path, shown: &str) -> Option<String> {
    if std::env::var_os("LANDFALL_BLESS").is_some() {
        fs::write(path, shown).expect("the golden file can be written");
        return None;
    }
    let golden = fs::read_to_string(path).unwrap_or_default();
    let diff = similar::TextDiff::from_lines(golden.as_str(), shown).unified_diff().header("golden", "now").to_string();
    (golden != shown).then(|| format!("{} differs:\n{diff}", path.display()))
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
