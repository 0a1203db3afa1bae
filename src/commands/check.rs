//! `landfall check`: validates the files, without network.

use super::{Exit, Failure, Outcome};
use crate::config::{self, Problems};
use std::io::{IsTerminal, Write};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder of domains.yaml and modules/
    #[arg(long, default_value = ".", value_name = "FOLDER")]
    root: PathBuf,
    /// The domains file within it
    #[arg(long, default_value = config::DOMAINS, value_name = "FILE")]
    file: String,
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
        return print(&list());
    }
    let loaded = config::load(&args.root, &args.file);
    let (problems, exit) = match &loaded {
        Ok(loaded) => (&loaded.warnings, Exit::Done),
        Err(problems) => (problems, Exit::Failed),
    };
    match args.format {
        Format::Json => print(&format!("{:#}\n", problems.json()))?,
        Format::Text => say(problems, loaded.as_ref().ok())?,
    };
    Ok(exit)
}

/// Problems to stderr; and what was found to be right to stdout.
fn say(problems: &Problems, loaded: Option<&config::Loaded>) -> Outcome {
    if !problems.is_empty() {
        let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        eprintln!("{}", config::show(problems, colour));
    }
    let Some(loaded) = loaded else { return Ok(Exit::Failed) };
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

/// Prints to stdout. A reader that has heard enough (`| head`) is no failure.
fn print(text: &str) -> Outcome {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::new("the output can't be written", error)),
        _ => Ok(Exit::Done),
    }
}
