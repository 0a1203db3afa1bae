//! `landfall init`: a repository to begin with. Writes only what is not there yet: all of it or nothing, and never over a file of
//! somebody's. No network.

mod scaffold;

use super::output::print;
use super::{Exit, Failure, Outcome};
use crate::render::escape::line as escape;
use scaffold::{Answers, Draft};
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where to write it
    #[arg(default_value = ".", value_name = "FOLDER")]
    folder: PathBuf,
    /// What the organization is called
    #[arg(long, value_name = "NAME", default_value = "acme")]
    organization: String,
    /// The email of each account, with {domain} and {environment} in it; by default one that reaches nobody
    #[arg(long, value_name = "PATTERN")]
    email: Option<String>,
    /// The Region of everything that is in one
    #[arg(long, value_name = "REGION", default_value = "us-west-2")]
    region: String,
    /// The organization at GitHub; by default of the same name
    #[arg(long, value_name = "ORGANIZATION")]
    github: Option<String>,
}

pub fn run(args: Args) -> Outcome {
    let Args { folder, organization, email, region, github } = args;
    let email = email.unwrap_or_else(|| format!("aws+{{domain}}-{{environment}}@{organization}.example"));
    let github = github.unwrap_or_else(|| organization.clone());
    let drafts = scaffold::scaffold(&Answers { organization, email, region, github }).map_err(unfit)?;
    let missing = missing(&folder, &drafts)?;
    for draft in &missing {
        write(&folder.join(&draft.path), &draft.text).map_err(|error| cant("written", &draft.path, &error))?;
    }
    print(&told(&folder, missing.len(), drafts.len()))?;
    Ok(Exit::Done)
}

/// What is wrong with the answers, in the words of `check`: the file made of them is the first that it looks at.
fn unfit(problems: crate::config::Problems) -> Failure {
    Failure::new("no valid domains.yaml can be made of these arguments", crate::config::show(&problems, false))
}

/// The files that are not there. One that is there and differs stops everything, before anything is written.
fn missing<'a>(folder: &Path, drafts: &'a [Draft]) -> Result<Vec<&'a Draft>, Failure> {
    let (mut missing, mut different) = (Vec::new(), Vec::new());
    for draft in drafts {
        match fs::read(folder.join(&draft.path)) {
            Ok(there) if there == draft.text.as_bytes() => {}
            Ok(_) => different.push(draft.path.clone()),
            Err(error) if error.kind() == ErrorKind::NotFound => missing.push(draft),
            Err(error) => return Err(cant("read", &draft.path, &error)),
        }
    }
    if different.is_empty() {
        return Ok(missing);
    }
    let failure = Failure::new("these files are there already, and differ; nothing was written", different.join("\n"));
    Err(failure.hint("move them away, or write into an empty folder and take over what you want: landfall init FOLDER"))
}

/// Writes a new file. One that has come into being since we looked is left alone, too.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::File::options().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
}

fn cant(what: &str, path: &str, error: &std::io::Error) -> Failure {
    Failure::new("the scaffold could not be made", format!("{path} can't be {what}: {error}"))
}

fn told(folder: &Path, written: usize, all: usize) -> String {
    let place = escape(&folder.display().to_string());
    if written == 0 {
        return format!("In {place}: all {all} files are there already, as they would be written.\n");
    }
    format!("In {place}: {written} of {all} files written.\n{NEXT}")
}

const NEXT: &str = "
What next:

  1. domains.yaml: your teams and domains, and an account_email that reaches you. `landfall check` tells whether it is right.
  2. `landfall plan`, with credentials of the organization's management account, shows what would be done. It can't write.
  3. Push it to GitHub. The workflow `check` runs at once; the others wait for these repository variables:
       LANDFALL_REGION      where the roles' credentials are asked for, such as your home Region
       LANDFALL_PLAN_ROLE   the ARN of the role that plans: it reads
       LANDFALL_APPLY_ROLE  the ARN of the role that applies; set it per environment if each has its own
       LANDFALL_SOURCE      the address of landfall's git repository, unless your runners have landfall
     Both roles trust GitHub's OIDC provider: the one that plans this repository, the one that applies its environments
     landfall, organization, dev, stage and prod. Create those in the repository's settings, and say there who may approve.
";
