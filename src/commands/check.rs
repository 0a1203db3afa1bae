//! `landfall check`: validates the files, without network.

use super::output::print;
use super::{Exit, Failure, Outcome, files};
use crate::config::{self, Problems};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    files: files::FileArgs,
    /// List the checks, and check nothing
    #[arg(long)]
    list: bool,
    /// How problems are printed: text on stderr, or JSON on stdout
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
}

pub fn run(args: &Args) -> Outcome {
    if args.list {
        return print(&list()).map(|()| Exit::Done);
    }
    let loaded = files::read(&args.files);
    let (problems, exit) = match &loaded {
        Ok(loaded) => (&loaded.warnings, Exit::Done),
        Err(problems) => (problems, Exit::Failed),
    };
    match args.format {
        Format::Json => print(&format!("{:#}\n", problems.json()))?,
        Format::Text => say(problems, loaded.as_ref().ok())?,
    }
    Ok(exit)
}

/// Problems to stderr; and what was found to be right to stdout.
fn say(problems: &Problems, loaded: Option<&config::Loaded>) -> Result<(), Failure> {
    files::complain(problems);
    let Some(loaded) = loaded else { return Ok(()) };
    let (accounts, resources) = (loaded.desired.estate.members.len(), loaded.desired.resources.len());
    let what = if problems.is_empty() { "no problems" } else { "no errors" };
    print(&format!("{}, {}, {}: {what}\n", count(loaded.domains, "domain"), count(accounts, "account"), count(resources, "resource")))
}

fn count(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

fn list() -> String {
    let widest = config::TABLE.iter().map(|check| check.name.len()).max().unwrap_or(0);
    config::TABLE.iter().map(|check| format!("{:widest$}  {}\n", check.name, check.about)).collect()
}
