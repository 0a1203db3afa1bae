//! Checks of names: they become parts of emails, role names, tags, GitHub environments and parameter paths, so they are few characters.

use crate::config::files::{File, Files};
use crate::config::node::{Node, shortened};
use crate::config::problem::Problem;
use crate::model::Account;

/// The longest name of a domain, team, module or CI user. A role is `ci-<name>`, and IAM allows 64; an email allows 64 before the @.
const LONGEST: usize = 32;

/// The longest name of a GitHub repository.
const LONGEST_REPOSITORY: usize = 100;

pub fn check(files: &Files, found: &mut Vec<Problem>) {
    let file = &files.domains;
    organization(file, found);
    for (section, what) in [("domains", "domain"), ("teams", "team"), ("people", "person")] {
        for name in file.keys(section) {
            found.extend(wrong(name).map(|why| refuse(file, &[section, name], what, name, why)));
        }
    }
    for name in file.value.domains.keys() {
        if name == Account::MANAGEMENT {
            let message = "no domain can be called `management`";
            found.push(file.at_key("bad-name", &["domains", name], message).hint("the organization's management account is called so"));
        }
        inner(file, name, found);
    }
    for (name, module) in &files.modules {
        let why = wrong(name);
        found.extend(why.map(|why| {
            module.at_key("bad-name", &["about"], format!("the module's folder can't be called \"{}\": {why}", shortened(name)))
        }));
    }
}

fn organization<T>(file: &File<T>, found: &mut Vec<Problem>) {
    let name = file.root.get("organization").and_then(|organization| organization.get("name")).and_then(Node::text);
    let why = name.and_then(|name| wrong(name).map(|why| format!("an organization can't be called \"{}\": {why}", shortened(name))));
    found.extend(why.map(|message| file.at("bad-name", &["organization", "name"], message)));
}

/// What is named within a domain.
fn inner<T>(file: &File<T>, domain: &str, found: &mut Vec<Problem>) {
    let Some(node) = file.root.get("domains").and_then(|domains| domains.get(domain)) else { return };
    for name in node.get("ci_users").into_iter().flat_map(Node::keys) {
        found.extend(wrong(name).map(|why| refuse(file, &["domains", domain, "ci_users", name], "CI user", name, why)));
    }
    let repositories = node.get("repositories").map_or(&[][..], Node::items);
    for item in repositories {
        let Some(name) = item.text().or_else(|| item.get("name").and_then(Node::text)) else { continue };
        if let Some(why) = wrong_repository(name) {
            let message = format!("a repository can't be called \"{}\": {why}", shortened(name));
            found.push(Problem::error("bad-name", &file.name, item.at, message));
        }
    }
}

fn refuse<T>(file: &File<T>, path: &[&str], what: &str, name: &str, why: String) -> Problem {
    file.at_key("bad-name", path, format!("a {what} can't be called \"{}\": {why}", shortened(name)))
}

/// Why a text is no name, if it is none.
pub fn wrong(name: &str) -> Option<String> {
    let other = |c: &char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-');
    if name.len() > LONGEST {
        return Some(format!("it has {} characters, and {LONGEST} is the most", name.len()));
    }
    if let Some(c) = name.chars().find(other) {
        return Some(format!("it holds {c:?}, and lower-case letters, digits and hyphens are allowed"));
    }
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Some("it has to begin with a letter".to_owned());
    }
    name.ends_with('-').then(|| "it may not end with a hyphen".to_owned())
}

fn wrong_repository(name: &str) -> Option<&'static str> {
    if name.contains('/') {
        return Some("leave the organization out, it is `organization.github`");
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let reserved = name == "." || name == ".." || name.is_empty();
    (reserved || name.len() > LONGEST_REPOSITORY || !name.chars().all(fits)).then_some("GitHub allows 100 letters, digits and `. _ -`")
}
