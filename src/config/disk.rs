//! Reads the files from disk, bounded: the one place of `config` that does.

use super::node::Span;
use super::problem::{Problem, Problems};
use super::{Loaded, load_with};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;

/// The largest file in bytes. 1,000 domains with all their settings are half of it.
pub const LARGEST: u64 = 1024 * 1024;

/// The most modules. A folder of more is no folder of modules.
const MODULES: usize = 1000;

/// The domains file, unless another is named.
pub const DOMAINS: &str = "domains.yaml";

/// The most files beside a `module.yaml`.
const BESIDE: usize = 16;

/// What files beside a `module.yaml` are called that it can take in: code, and documents.
const ENDINGS: [&str; 2] = [".py", ".json"];

/// The module or the file beside one that a path within the folder is of: `modules/canary/module.yaml` is of `canary`, and
/// `modules/canary/handler.py` of `canary/handler.py`.
pub fn module_of(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("modules/")?;
    let (module, file) = inside.split_once('/').filter(|(module, _)| !module.starts_with('.'))?;
    if file == "module.yaml" { Some(module) } else { is_beside(file).then_some(inside) }
}

fn is_beside(file: &str) -> bool {
    let plain = file.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    plain && !file.starts_with('.') && ENDINGS.iter().any(|ending| file.ends_with(ending))
}

/// What the files of a folder ask for: a domains file, and `modules/*/module.yaml`. `now` decides what has ended.
///
/// # Errors
/// All problems of all files, warnings included, when any is an error; what can't be read is one of them.
pub fn load(root: &Path, domains: &str, now: Timestamp) -> Result<Loaded, Problems> {
    let mut found = Vec::new();
    let text = take(root, domains, &mut found);
    let modules = modules(root, &mut found);
    let mut texts: BTreeMap<String, String> = modules.values().cloned().collect();
    let Some(text) = text else { return Err(Problems::new(found, texts)) };
    texts.insert(domains.to_owned(), text.clone());
    load_with((domains, &text), &modules, now, texts, found)
}

/// Path and text of every module, by its folder's name, and of the files beside it. A folder without modules is an estate without resources.
fn modules(root: &Path, found: &mut Vec<Problem>) -> BTreeMap<String, (String, String)> {
    let mut names = match folders(&root.join("modules")) {
        Ok(names) => names,
        Err(error) => {
            found.push(unreadable("modules", &error.to_string()));
            return BTreeMap::new();
        }
    };
    if names.len() > MODULES {
        found.push(Problem::error("too-large", "modules", Span::default(), format!("the folder holds more than {MODULES} modules")));
        names.truncate(MODULES);
    }
    let mut read = BTreeMap::new();
    for name in names {
        let mut beside = beside(&root.join("modules").join(&name));
        if beside.len() > BESIDE {
            let message = format!("the folder holds more than {BESIDE} files beside its module.yaml");
            found.push(Problem::error("too-large", &format!("modules/{name}"), Span::default(), message));
            beside.truncate(BESIDE);
        }
        for file in beside.into_iter().chain(["module.yaml".to_owned()]) {
            let path = format!("modules/{name}/{file}");
            let Some(part) = module_of(&path).map(str::to_owned) else { continue };
            read.extend(take(root, &path, found).map(|text| (part, (path, text))));
        }
    }
    read
}

/// The names of the files that a module can take in, sorted. A folder that can't be listed has no module either, which is reported.
fn beside(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| is_beside(name));
    names.sort();
    names
}

/// The names of the folders in a folder, sorted; hidden ones are somebody else's.
fn folders(path: &Path) -> std::io::Result<Vec<String>> {
    let entries = fs::read_dir(path)?.flatten().filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    Ok(names)
}

fn take(root: &Path, name: &str, found: &mut Vec<Problem>) -> Option<String> {
    match read(&root.join(name)) {
        Ok(text) => Some(text),
        Err(Refusal::Unreadable(why)) => {
            found.push(unreadable(name, &why));
            None
        }
        Err(Refusal::TooLarge) => {
            found.push(Problem::error("too-large", name, Span::default(), format!("the file is larger than {} KiB", LARGEST / 1024)));
            None
        }
        Err(Refusal::NoText(before)) => {
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            found.push(
                Problem::error("characters", name, Span::default(), format!("line {line} is not UTF-8 text"))
                    .hint("save the file as UTF-8"),
            );
            None
        }
    }
}

fn unreadable(name: &str, why: &str) -> Problem {
    let problem = Problem::error("unreadable", name, Span::default(), format!("this can't be read: {why}"));
    problem.hint("run landfall in the folder of domains.yaml, or name that folder with --root")
}

enum Refusal {
    Unreadable(String),
    TooLarge,
    /// With everything before the first byte that is none.
    NoText(Vec<u8>),
}

/// The text of a regular file. What is larger than the bound is refused by its size, unread; what grows meanwhile is cut off.
fn read(path: &Path) -> Result<String, Refusal> {
    let unreadable = |error: std::io::Error| Refusal::Unreadable(error.to_string());
    let about = fs::metadata(path).map_err(unreadable)?;
    if !about.is_file() {
        return Err(Refusal::Unreadable("it is no regular file".to_owned()));
    }
    let mut bytes = Vec::new();
    if about.len() <= LARGEST {
        fs::File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes)).map_err(unreadable)?;
    }
    if about.len() > LARGEST || bytes.len() as u64 > LARGEST {
        return Err(Refusal::TooLarge);
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let mut before = error.into_bytes();
        before.truncate(valid);
        Refusal::NoText(before)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_where_modules_are() {
        for path in ["modules/network/module.yaml", "modules/a b/module.yaml"] {
            assert!(module_of(path).is_some(), "{path}");
        }
        assert_eq!(module_of("modules/canary/handler.py"), Some("canary/handler.py"));
        for path in ["modules/canary/.hidden.py", "modules/canary/README.md", "modules/canary/tests/a.py", "modules/module.schema.json"] {
            assert_eq!(module_of(path), None, "{path}");
        }
        for path in ["modules/.git/module.yaml", "modules/network/old/module.yaml", "modules/module.yaml", "other/network/module.yaml"] {
            assert!(module_of(path).is_none(), "{path}");
        }
    }
}
