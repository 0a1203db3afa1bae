//! The files that most commands read, and what happens when there is something wrong with them.

use super::output::colour;
use super::{Failure, clock};
use crate::config::{self, Loaded, Problems};
use crate::plan::Desired;
use jiff::civil::Date;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct FileArgs {
    /// The folder of domains.yaml and modules/
    #[arg(long, default_value = ".", value_name = "FOLDER", global = true)]
    pub(super) root: PathBuf,
    /// The domains file within it
    #[arg(long, default_value = config::DOMAINS, value_name = "FILE", global = true)]
    pub(super) file: String,
    /// Plan as of a day, such as 2026-12-24, instead of today: what ends by a date has ended then
    #[arg(long, value_name = "DATE", global = true)]
    pub(super) as_of: Option<Date>,
}

impl FileArgs {
    /// Where the domains file is.
    pub fn path(&self) -> PathBuf {
        self.root.join(&self.file)
    }
}

/// Reads the files, and leaves what is wrong with them to the caller.
pub fn read(args: &FileArgs) -> Result<Loaded, Problems> {
    config::load(&args.root, &args.file, clock::now(args.as_of))
}

/// Reads the files, and says on stderr what is wrong with them.
///
/// # Errors
/// When that is more than warnings.
pub fn load(args: &FileArgs) -> Result<Desired, Failure> {
    match read(args) {
        Ok(loaded) => {
            complain(&loaded.warnings);
            Ok(loaded.desired)
        }
        Err(problems) => {
            complain(&problems);
            Err(Failure::new("the files are wrong", args.path().display()).said())
        }
    }
}

/// Says on stderr what is wrong with the files.
pub fn complain(problems: &Problems) {
    if !problems.is_empty() {
        eprintln!("{}", config::show(problems, colour(&std::io::stderr())));
    }
}
