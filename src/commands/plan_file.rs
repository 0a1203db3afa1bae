//! Opening a plan file, and what to say when it is none.

use super::Failure;
use crate::plan::PlanFile;
use crate::render::escape::line as escape;
use std::path::Path;

/// Opens a plan file; `summary` says what can't be done when that fails.
pub fn open(path: &Path, summary: &'static str) -> Result<PlanFile, Failure> {
    let unreadable = |error: String| Failure::new(summary, format!("{}: {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
    let again = "make a new one with `landfall plan --out FILE`";
    PlanFile::read(&text).map_err(|error| unreadable(escape(&error.to_string())).hint(again))
}
