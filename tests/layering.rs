//! The architecture as a test: who may use whom, which rooms are pure, and how large files and functions may grow.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Who may use whom. A room that is not named on the left may use nothing; `commands`, `main` and `lib` may use all.
const ARROWS: &[(&str, &[&str])] = &[
    ("cloud", &["apply", "plan", "kinds", "aws", "outside", "model"]),
    ("config", &["plan", "kinds", "model"]),
    ("render", &["plan", "kinds", "model"]),
    ("review", &["render", "plan", "outside", "model"]),
    ("rehearsal", &["apply", "plan", "kinds", "model"]),
    ("apply", &["plan", "model"]),
    ("plan", &["kinds", "model"]),
    ("kinds", &["aws", "outside", "model"]),
    ("aws", &["outside", "model"]),
    ("outside", &["model"]),
    ("simulated", &["model"]),
    ("model", &[]),
];
const ALL: &[&str] = &["commands", "main", "lib"];

/// Rooms whose results depend on their arguments alone, and what would make them depend on more.
const PURE: &[&str] = &["model", "config", "plan", "render", "simulated"];
const IMPURE: &[&str] =
    &["async ", ".await", "HashMap", "HashSet", "std::fs", "std::env", "std::net::Tcp", "tokio", "SystemTime", "Instant::", "std::process"];
/// The one pure room that has a door: this file reads what it is told to, and nothing else.
const DOORS: &[&str] = &["src/config/disk.rs"];
/// Files of tests alone, too large to stand beneath the code.
const TESTS: &[&str] =
    &["src/config/cases.rs", "src/config/hostile.rs", "src/config/made.rs", "src/config/networks.rs", "src/config/on_call/made.rs"];

const LONGEST_FILE: usize = 400;
const LONGEST_FUNCTION: usize = 70;

struct Source {
    path: String,
    text: String,
}

impl Source {
    /// `src/plan/order.rs` is in the room `plan`.
    fn room(&self) -> &str {
        let inside = self.path.trim_start_matches("src/");
        inside.split(['/', '.']).next().unwrap_or_default()
    }

    /// The code of the room itself: without comments, and without the tests beneath it or in a file of their own.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let code = self.text.lines().take_while(|line| line.trim() != "#[cfg(test)]" && !self.path.ends_with("/tests.rs"));
        code.enumerate().map(|(at, line)| (at + 1, line.split("//").next().unwrap_or_default()))
    }
}

fn sources(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join(folder)];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        let entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        for path in entries {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let path = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                found.push(Source { path, text });
            }
        }
    }
    assert!(!found.is_empty(), "no sources under {folder}");
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn report(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn rooms_use_only_the_rooms_that_their_arrows_lead_to() {
    let arrows: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut problems = Vec::new();
    for source in sources("src") {
        let room = source.room();
        if ALL.contains(&room) {
            continue;
        }
        let Some(allowed) = arrows.get(room) else {
            problems.push(format!("{}: the room `{room}` has no arrows: add it to ARROWS here and to the map in src/lib.rs", source.path));
            continue;
        };
        for (line, code) in source.code() {
            for used in code.split("crate::").skip(1) {
                let used: &str = used.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
                let fits = used == room || allowed.contains(&used) || used.chars().next().is_some_and(char::is_uppercase);
                if !fits {
                    let place = format!("{}:{line}", source.path);
                    problems.push(format!("{place}: `{room}` may not use `{used}`: move what is shared into a room that both may use"));
                }
            }
        }
    }
    report(&problems);
}

#[test]
fn pure_rooms_stay_pure() {
    let mut problems = Vec::new();
    let exempt = |source: &Source| DOORS.contains(&source.path.as_str()) || TESTS.contains(&source.path.as_str());
    for source in sources("src").iter().filter(|source| PURE.contains(&source.room()) && !exempt(source)) {
        for (line, code) in source.code() {
            for token in IMPURE.iter().filter(|token| code.contains(**token)) {
                problems.push(format!("{}:{line}: `{token}` in a pure room: take what it brings as an argument", source.path));
            }
        }
    }
    report(&problems);
}

#[test]
fn the_pure_half_of_a_kind_takes_no_session() {
    let kind = sources("src/kinds").into_iter().find(|source| source.path.ends_with("kinds/kind.rs")).unwrap();
    let pure = kind.text.split("pub trait Driver").next().unwrap();
    let pure = pure.split("pub trait Kind").nth(1).expect("the trait of the pure half");
    assert!(!pure.contains("Session") && !pure.contains("async fn"), "`Kind` is what pure rooms see: I/O belongs to `Driver`");
}

#[test]
fn every_file_says_what_it_is_for_and_stays_small() {
    let mut problems = Vec::new();
    for source in sources("src").into_iter().chain(sources("tests")) {
        let lines = source.text.lines().count();
        if !source.text.starts_with("//!") {
            problems.push(format!("{}: open with `//!`, saying what the file is for and what it must never do", source.path));
        }
        if lines > LONGEST_FILE {
            problems.push(format!("{}: {lines} lines, more than {LONGEST_FILE}: split it by purpose", source.path));
        }
    }
    report(&problems);
}

#[test]
fn functions_stay_small() {
    let mut problems = Vec::new();
    for source in sources("src").into_iter().chain(sources("tests")) {
        let lines: Vec<&str> = source.text.lines().collect();
        for (at, line) in lines.iter().enumerate().filter(|(_, line)| is_function(line)) {
            let indent = &line[..line.len() - line.trim_start().len()];
            // rustfmt closes a function at its own indentation, so no parser is needed.
            let end = format!("{indent}}}");
            let length = lines[at..].iter().position(|line| *line == end).map_or(1, |length| length + 1);
            if length > LONGEST_FUNCTION {
                problems.push(format!("{}:{}: {length} lines in one function, more than {LONGEST_FUNCTION}", source.path, at + 1));
            }
        }
    }
    report(&problems);
}

fn is_function(line: &str) -> bool {
    let line = line.trim_start();
    let line = line.strip_prefix("pub(super) ").or_else(|| line.strip_prefix("pub(crate) ")).unwrap_or(line);
    let line = line.strip_prefix("pub ").unwrap_or(line);
    let line = line.strip_prefix("const ").unwrap_or(line);
    line.strip_prefix("async ").unwrap_or(line).starts_with("fn ") && !line.ends_with(';')
}

#[test]
fn no_test_is_switched_off_and_nothing_is_left_undone() {
    let banned = [concat!("#[", "ignore"), concat!("todo", "!("), concat!("unimplemented", "!(")];
    let mut problems = Vec::new();
    for source in sources("src").into_iter().chain(sources("tests")) {
        for (at, line) in source.text.lines().enumerate() {
            for token in banned.iter().filter(|token| line.contains(**token)) {
                problems.push(format!("{}:{}: `{token}`: finish it or take it out", source.path, at + 1));
            }
        }
    }
    report(&problems);
}
