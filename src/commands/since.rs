//! `plan --since`: what the files asked for at another commit, by way of git, and which domains that leaves to plan. Reads git's objects
//! and nothing else: no shell, no network, no work tree.

use super::Failure;
use super::files::FileArgs;
use crate::cloud::Selection;
use crate::config;
use crate::model::Name;
use crate::plan::{Desired, Touched, touched};
use crate::render::{escape, many};
use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};

/// So many names are told; nobody reads the three-hundredth.
const NAMES: usize = 12;
/// What commits are called for people: enough to be the only one.
const SHORT: usize = 12;

/// What to plan of the files as they are, given what they were at a commit, branch or tag; says on stderr what is left out.
///
/// # Errors
/// The commit is not to be found. Files that were wrong there, or not there, are no error: then everything is planned.
pub fn select(files: &FileArgs, now: &Desired, reference: &str) -> Result<Selection, Failure> {
    let commit = resolve(files, reference)?;
    let named = format!("{} ({})", &commit[..SHORT.min(commit.len())], escape::line(reference));
    match before(files, &commit) {
        Err(why) => {
            eprintln!("Everything is planned, because what changed since {named} can't be told: {why}.");
            Ok(Selection(None))
        }
        Ok(before) => {
            let touched = touched(&before, now);
            eprintln!("{}", told(&named, &touched));
            Ok(Selection(Some(touched.accounts)))
        }
    }
}

/// The full name of a commit.
fn resolve(files: &FileArgs, reference: &str) -> Result<String, Failure> {
    if reference.is_empty() || reference.starts_with('-') {
        return Err(Failure::new("this is no commit", format!("{} is no name of one", escape::line(reference))));
    }
    let inside = git(files, &["rev-parse", "--is-shallow-repository"]);
    let shallow = inside.map_err(|why| Failure::new("git can't say what has changed", why).hint("run it in a clone of the repository"))?;
    let commit = format!("{reference}^{{commit}}");
    git(files, &["rev-parse", "--verify", "--quiet", "--end-of-options", &commit]).map(|name| name.trim().to_owned()).map_err(|_| {
        let failure = Failure::new("there is no such commit here", format!("git finds no {}", escape::line(reference)));
        failure.hint(match shallow.trim() {
            "true" => "this clone is shallow: give actions/checkout `fetch-depth: 0`, or run `git fetch --unshallow`",
            _ => "fetch it first: git fetch origin",
        })
    })
}

/// What the files asked for at a commit; or why that can't be told.
fn before(files: &FileArgs, commit: &str) -> Result<Desired, String> {
    let mut texts = texts(files, commit)?;
    let domains = texts.remove(&files.file).ok_or_else(|| format!("there was no {} then", escape::line(&files.file)))?;
    let modules = texts.into_iter().filter_map(|(path, text)| Some((config::module_of(&path)?.to_owned(), (path, text)))).collect();
    let loaded = config::load_texts((&files.file, &domains), &modules, super::clock::now(files.as_of));
    loaded.map(|loaded| loaded.desired).map_err(|_| "the files had errors then".to_owned())
}

/// The domains file and the modules, as they were at a commit, by their paths within the folder.
fn texts(files: &FileArgs, commit: &str) -> Result<BTreeMap<String, String>, String> {
    // With `./`, no name is taken for an option.
    let listed = git(files, &["ls-tree", "-r", "-l", "-z", commit, &format!("./{}", files.file), "./modules/"])?;
    let entries = listed.split('\0').filter_map(Entry::parse);
    let wanted = entries.filter(|entry| entry.path == files.file || config::module_of(entry.path).is_some());
    wanted.map(|entry| Ok((entry.path.to_owned(), entry.read(files)?))).collect()
}

/// A line of `git ls-tree -l`.
struct Entry<'a> {
    /// Whether it is a file with a text of its own, and not a link or a repository.
    plain: bool,
    object: &'a str,
    size: u64,
    path: &'a str,
}

impl<'a> Entry<'a> {
    fn parse(line: &'a str) -> Option<Entry<'a>> {
        let (about, path) = line.split_once('\t')?;
        let parts: Vec<&str> = about.split_ascii_whitespace().collect();
        let [mode, "blob", object, size] = parts.as_slice() else { return None };
        Some(Entry { plain: mode.starts_with("100"), object, size: size.parse().ok()?, path })
    }

    fn read(&self, files: &FileArgs) -> Result<String, String> {
        let path = escape::line(self.path);
        if !self.plain {
            return Err(format!("{path} was a link then"));
        }
        if self.size > config::LARGEST {
            return Err(format!("{path} was larger than {} KiB then", config::LARGEST / 1024));
        }
        git(files, &["cat-file", "blob", self.object])
    }
}

/// What git prints, when it succeeds and that is text; what it complains of otherwise.
fn git(files: &FileArgs, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("git").arg("-C").arg(&files.root).args(arguments).env("LC_ALL", "C").stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("git can't be run: {error}"))?;
    if !output.status.success() {
        return Err(escape::line(String::from_utf8_lossy(&output.stderr).trim()));
    }
    String::from_utf8(output.stdout).map_err(|_| "a file was no UTF-8 text then".to_owned())
}

/// What is planned and what is not, in two lines whatever the size of the estate.
fn told(since: &str, touched: &Touched) -> String {
    let Touched { domains, accounts, untouched, left_out } = touched;
    let (planned, left) = (names(domains), names(untouched));
    let first = if domains.is_empty() {
        format!("Since {since}, no domain has changed: only the organization is planned.")
    } else {
        let all = many(domains.len() + untouched.len(), "domain");
        format!("Since {since}, {} of {all} changed, with {}, planned now: {planned}.", domains.len(), many(accounts.len(), "account"))
    };
    if untouched.is_empty() {
        return first;
    }
    let (count, accounts) = (many(untouched.len(), "domain"), many(*left_out, "account"));
    format!("{first}\nLeft out, and not compared with live AWS: {count} with {accounts}: {left}.")
}

fn names(all: &BTreeSet<Name>) -> String {
    let mut text = all.iter().take(NAMES).map(Name::as_str).collect::<Vec<_>>().join(", ");
    if all.len() > NAMES {
        text.push_str(&format!(" and {} more", all.len() - NAMES));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domains(count: usize) -> BTreeSet<Name> {
        (0..count).map(|at| format!("domain{at:03}").parse().unwrap()).collect()
    }

    #[test]
    fn what_is_left_out_is_told_in_two_lines() {
        let touched = Touched { domains: domains(1), accounts: BTreeSet::new(), untouched: domains(300), left_out: 900 };
        let text = told("0123456789ab (main)", &touched);
        assert_eq!(
            text,
            "Since 0123456789ab (main), 1 of 301 domains changed, with 0 accounts, planned now: domain000.\n\
             Left out, and not compared with live AWS: 300 domains with 900 accounts: domain000, domain001, domain002, domain003, \
             domain004, domain005, domain006, domain007, domain008, domain009, domain010, domain011 and 288 more."
        );
        let nothing = told("0123456789ab (main)", &Touched { untouched: domains(1), left_out: 3, ..Touched::default() });
        assert_eq!(
            nothing,
            "Since 0123456789ab (main), no domain has changed: only the organization is planned.\n\
             Left out, and not compared with live AWS: 1 domain with 3 accounts: domain000."
        );
    }

    #[test]
    fn links_and_repositories_are_no_files() {
        let file = Entry::parse("100644 blob 5716ca5987cbf97d6bb54920bea6adde242d87e6       4\tmodules/a/module.yaml").unwrap();
        assert!(file.plain && file.size == 4 && file.path == "modules/a/module.yaml");
        assert!(!Entry::parse("120000 blob 5716ca5987cbf97d6bb54920bea6adde242d87e6       4\tdomains.yaml").unwrap().plain);
        assert!(Entry::parse("160000 commit 5716ca5987cbf97d6bb54920bea6adde242d87e6       -\tmodules/a").is_none());
    }
}
