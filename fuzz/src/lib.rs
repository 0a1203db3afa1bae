//! What the fuzz targets call, one function for each door through which text from outside comes in. Each panics when a promise is broken: a
//! crash, a plan that the oracle rejects, something shown that could harm whoever looks at it. Reads nothing but its argument.

use landfall::config::{load_texts, module_of, show};
use landfall::kinds::row;
use landfall::model::{Address, ChangeRecord, Lock, Record, Word};
use landfall::plan::{BadFile, Desired, Live, Plan, PlanFile, Report, check, plan};
use landfall::render::comment::{LARGEST_BODY, Marker, Occasion, comment, pages};
use landfall::render::{Options, health_json, json, page, text};
use landfall::review::{Author, Event, GitHub, Target, Wire, approval, upsert};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};

/// A target, by the name of its corpus.
pub type Door = (&'static str, fn(&[u8]));

pub const TARGETS: [Door; 4] = [("files", files), ("plan_files", plan_files), ("live", live), ("answers", answers)];

/// What begins a line before each further file, up to the file's path: `#### modules/network/module.yaml`.
const FILE: &str = "\n#### ";
/// More than this of anything is a matter of time, not of form; `config::LARGEST` refuses larger files unread.
const LONGEST: usize = 64 * 1024;

fn utf8(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| text.len() <= LONGEST)
}

/// `domains.yaml`, and modules after it: refused in words that harm nobody, or a plan that keeps its promises.
pub fn files(bytes: &[u8]) {
    let Some(all) = utf8(bytes) else { return };
    let mut parts = all.split(FILE);
    let domains = parts.next().unwrap_or_default();
    let modules: BTreeMap<String, (String, String)> = parts
        .filter_map(|part| {
            let (path, text) = part.split_once('\n')?;
            Some((module_of(path)?.to_owned(), (path.to_owned(), text.to_owned())))
        })
        .collect();
    match load_texts(("domains.yaml", domains), &modules, "2026-11-21T09:00:00Z".parse().expect("a moment")) {
        Err(problems) => harmless(&show(&problems, false)),
        Ok(loaded) => planned(&loaded.desired, &Live::default()),
    }
}

/// A plan file: refused in words, or one that is shown harmlessly and reads again as it was.
pub fn plan_files(bytes: &[u8]) {
    let Some(text) = utf8(bytes) else { return };
    match PlanFile::read(text) {
        Ok(file) => {
            assert_eq!(PlanFile::read(&file.to_json()).as_ref(), Ok(&file), "a plan file reads as it is written");
            shown(&file.plan, &file.report);
        }
        Err(BadFile::Digest { computed, .. }) => {
            // What a forger does, who can write a digest as well as anybody.
            let forged = digested(text, &computed.to_string());
            if let Some(Ok(file)) = forged.map(|forged| PlanFile::read(&forged)) {
                shown(&file.plan, &file.report);
            }
        }
        Err(why) => drop(why.to_string()),
    }
}

fn digested(text: &str, digest: &str) -> Option<String> {
    let mut fields: serde_json::Value = serde_json::from_str(text).ok()?;
    fields.as_object_mut()?.remove("part");
    fields["digest"] = digest.into();
    Some(fields.to_string())
}

/// Live state, as drivers and goldens tell it: planned against an estate without a crash, by plans that keep their promises.
pub fn live(bytes: &[u8]) {
    let Some(live) = utf8(bytes).and_then(|text| serde_json::from_str::<Live>(text).ok()) else { return };
    // What lives has a range: no driver tells of one that is still to be chosen.
    let mut specs = live.found.values().map(|found| &found.spec).chain(live.strangers.iter().map(|other| &other.spec));
    // And it is of a kind that we read, in the Region where we read it, or the mark would not be taken for ours.
    let estate = estate();
    let placed = |at: &Address| row(&at.kind).is_some_and(|row| row.scope.region(&estate.estate.home_region) == at.region);
    if !specs.all(|spec| spec.cidr().is_none_or(|cidr| cidr.fixed().is_some())) || !live.found.keys().all(placed) {
        return;
    }
    // A resource read as one of another kind gets a note, and no promise holds for what depends on it but that nothing falls over.
    match live.found.iter().all(|(at, found)| found.spec.kind() == at.kind) {
        true => planned(&estate, &live),
        false => {
            let (made, report) = plan(&estate, &live);
            shown(&made, &report);
        }
    }
}

/// What services answer and what lies in stores: GitHub's events and answers, markers, locks, records, and what canaries say.
pub fn answers(bytes: &[u8]) {
    let word = Word::of(bytes);
    let health = landfall::model::Health::of(BTreeMap::from([("landfall-canary-a".to_owned(), word)]));
    let healths = BTreeMap::from([("catalog/prod".parse().expect("an account"), health)]);
    harmless(&landfall::render::health(&healths, false));
    harmless(&health_json(&healths));
    let Some(text) = utf8(bytes) else { return };
    let event = Event::read(text);
    assert!(event.head.is_none_or(|head| landfall::review::is_commit(&head)), "a head is a commit");
    if let Some(marker) = Marker::of(text) {
        harmless(&marker.line());
    }
    if let Some(lock) = Lock::of(text) {
        assert!(Lock::of(&lock.text()) == Some(lock), "a lock reads as it is written");
    }
    if let Some(record) = Record::of(text) {
        assert!(Record::of(&record.text()).is_some(), "a record reads as it is written");
    }
    if let Some(record) = ChangeRecord::of(text) {
        assert!(ChangeRecord::of(&record.text()).as_ref() == Some(&record), "a change record reads as it is written");
        harmless(&landfall::render::record(&record, None));
    }
    github(text);
}

/// A GitHub that answers with the values of a list, one after the other, and then with "not found".
struct Script(RefCell<VecDeque<serde_json::Value>>);

impl Wire for Script {
    async fn send(&self, _: &landfall::outside::github::wire::Request) -> Result<landfall::outside::github::wire::Answer, String> {
        let next = self.0.borrow_mut().pop_front();
        let (status, body) = next.map_or((404, "{}".to_owned()), |value| (200, value.to_string()));
        Ok(landfall::outside::github::wire::Answer { status, headers: BTreeMap::new(), body })
    }
}

fn github(text: &str) {
    let Ok(serde_json::Value::Array(list)) = serde_json::from_str(text) else { return };
    let github = || {
        let repository = "acme/platform".parse().expect("a repository");
        GitHub::new(Script(RefCell::new(list.iter().cloned().collect())), repository, |_| {})
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    let commit = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c";
    let author = Author::Login("landfall[bot]".to_owned());
    match runtime.block_on(approval(&github(), commit, None, &author, None)) {
        Ok(found) => drop(format!("{found:?}")),
        Err(trouble) => harmless(&trouble.to_string()),
    }
    let target = Target { pull_request: 7, estate: "acme".parse().expect("a name"), commit: commit.to_owned(), author };
    match runtime.block_on(upsert(&github(), &target, |_| "a comment".to_owned())) {
        Ok(posted) => drop(format!("{posted:?}")),
        Err(trouble) => harmless(&trouble.to_string()),
    }
}

/// The estate that live documents are held against: one domain, with the repository's own modules for accounts, networks and pipelines.
pub fn estate() -> Desired {
    let module = |name: &str, text: &str| (name.to_owned(), (format!("modules/{name}/module.yaml"), text.to_owned()));
    let modules = BTreeMap::from([
        module("account", include_str!("../../modules/account/module.yaml")),
        module("network", include_str!("../../modules/network/module.yaml")),
        module("ci-users", include_str!("../../modules/ci-users/module.yaml")),
    ]);
    let now = "2026-11-21T09:00:00Z".parse().expect("a moment");
    match load_texts(("domains.yaml", include_str!("../estate/domains.yaml")), &modules, now) {
        Ok(loaded) => loaded.desired,
        Err(problems) => panic!("{}", show(&problems, false)),
    }
}

/// Plans, and holds the plan against the oracle and against everybody's eyes.
fn planned(desired: &Desired, live: &Live) {
    let (made, report) = plan(desired, live);
    assert_eq!(check(desired, live, &made), Vec::<String>::new(), "a plan that breaks its promises");
    shown(&made, &report);
    let file = PlanFile::of(made, report);
    assert_eq!(PlanFile::read(&file.to_json()).as_ref(), Ok(&file), "what a planner writes is a plan file");
}

/// Everything that is made of a plan for people and programs.
fn shown(plan: &Plan, report: &Report) {
    for options in [Options::default(), Options { full: true, ..Options::default() }] {
        harmless(&text(plan, report, options));
    }
    let told = json(plan, report);
    harmless(&told);
    assert!(serde_json::from_str::<serde_json::Value>(&told).is_ok(), "JSON is JSON");
    let occasion = Occasion { commit: "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c".to_owned(), run: None, previous: None };
    let comment = comment(plan, report, &occasion);
    assert!(comment.len() <= LARGEST_BODY, "a comment that GitHub refuses");
    harmless(&comment);
    unscripted(&comment);
    for page in pages(plan, report) {
        harmless(&page);
        unscripted(&page);
    }
    let page = page(plan, report);
    harmless(&page);
    // Its own script is one; nothing from outside adds another.
    assert_eq!(page.matches("<script").count(), SCRIPTS, "a page with a script that is not its own");
    assert!(!page.contains("<img"), "a page with an image");
}

/// The page's own: the data and the program.
const SCRIPTS: usize = 2;

fn unscripted(markdown: &str) {
    for line in markdown.lines().filter(|line| line.contains("<script") || line.contains("<img")) {
        // In code it is text: a fenced block, or one that is indented.
        assert!(line.starts_with(['+', '-', '~', '!', ' ', '`', '@', '#']), "a tag from outside: {line:?}");
    }
}

/// Nothing that moves a cursor, reorders what is read, or hides.
fn harmless(text: &str) {
    let found = text.chars().find(|c| *c != '\n' && (c.is_control() || HIDDEN.iter().any(|hidden| hidden.contains(c))));
    assert!(found.is_none(), "{:?} is shown raw: {:?}", found, text.lines().find(|line| line.contains(found.unwrap_or_default())));
}

/// Bidirectional controls, joiners, invisible operators, variation selectors, the byte order mark and tags (UAX #9, UTS #39).
const HIDDEN: [std::ops::RangeInclusive<char>; 6] = [
    '\u{200b}'..='\u{200f}',
    '\u{2028}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{fe00}'..='\u{fe0f}',
    '\u{feff}'..='\u{feff}',
    '\u{e0000}'..='\u{e0fff}',
];
