//! `domains.yaml` and `modules/` → `Desired`, or every problem of every file, each at its place.
//!
//! In this order: text → tree with places (`yaml`) → checked against the schema of its types (`shape`) → typed (`domains`, `module`) →
//! named checks (`checks`) → resources (`expand`, `bind`). Each stage goes on with what fits, so that one run tells everything.
//! Only `load` touches the file system. Nothing here knows AWS.

mod access;
mod bind;
#[cfg(test)]
mod cases;
mod checks;
mod disk;
pub mod domains;
mod estate;
mod excerpt;
mod expand;
mod files;
#[cfg(test)]
mod hostile;
mod lists;
#[cfg(test)]
mod made;
pub mod module;
#[cfg(test)]
mod networks;
mod node;
mod notices;
mod on_call;
mod people;
mod problem;
mod resources;
pub mod rollout;
pub mod schema;
mod settings;
mod shape;
mod yaml;

pub use checks::{Check, TABLE};
pub use disk::{DOMAINS, LARGEST, load, module_of};
pub use excerpt::show;
pub use problem::{Level, Problem, Problems};

use crate::plan::Desired;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Everything that the files ask for.
#[derive(Debug)]
pub struct Loaded {
    pub desired: Desired,
    /// What is worth saying, and stops nothing.
    pub warnings: Problems,
    /// How many domains the file declares.
    pub domains: usize,
}

/// What the texts of an estate's files ask for. `domains` is a file's name and text; `modules` the same by the module's name.
/// `now` decides what has ended.
///
/// # Errors
/// All problems of all files, warnings included, when any is an error.
pub fn load_texts(domains: (&str, &str), modules: &BTreeMap<String, (String, String)>, now: Timestamp) -> Result<Loaded, Problems> {
    let mut texts: BTreeMap<String, String> = modules.values().cloned().collect();
    texts.insert(domains.0.to_owned(), domains.1.to_owned());
    load_with(domains, modules, now, texts, Vec::new())
}

/// As `load_texts`, with problems that were found before.
fn load_with(
    domains: (&str, &str),
    modules: &BTreeMap<String, (String, String)>,
    now: Timestamp,
    texts: BTreeMap<String, String>,
    mut found: Vec<Problem>,
) -> Result<Loaded, Problems> {
    let (files, more) = files::read(domains, modules, now);
    found.extend(more);
    let Some(files) = files else { return Err(Problems::new(found, texts)) };
    for check in TABLE {
        if let Some(run) = check.run {
            run(&files, &mut found);
        }
    }
    let desired = resources::desired(&files, &mut found);
    let stopped = found.iter().any(|problem| problem.level == Level::Error);
    let problems = Problems::new(found, texts);
    match desired {
        Some(desired) if !stopped => Ok(Loaded { desired, warnings: problems, domains: files.domains.value.domains.len() }),
        _ => Err(problems),
    }
}
