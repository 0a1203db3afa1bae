//! `landfall record`: the history of changes: listed, shown, and verified.

use super::calls::Calls;
use super::connect::{Mode, connect};
use super::output::print;
use super::{Exit, Failure, Outcome, files};
use crate::cloud::{Store, records};
use crate::model::{ChangeRecord, Entry, flaws};
use crate::render::escape::line as escape;
use crate::render::{self, many};
use std::collections::BTreeMap;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    files: files::FileArgs,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// The runs, the latest first
    List {
        /// So many runs at most
        #[arg(long, value_name = "N", default_value_t = 20)]
        most: usize,
    },
    /// One record
    Show {
        /// Its number, as `landfall record list` tells it
        number: u64,
        /// How to print it
        #[arg(long, value_enum, default_value_t = Format::Markdown)]
        format: Format,
    },
    /// Whether any record was altered, left out or moved
    Verify,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Markdown,
    Json,
}

pub async fn run(args: Args) -> Outcome {
    let store = open(&args.files).await?;
    match args.what {
        What::List { most } => list(&store, most).await,
        What::Show { number, format } => show(&store, number, format).await,
        What::Verify => verify(&store).await,
    }
}

/// The store of the organization that the files are of.
pub(super) async fn open(args: &files::FileArgs) -> Result<Store, Failure> {
    let entrance = connect(&files::load(args)?.estate, Mode::Looking, false, &Calls::default()).await?;
    Ok(Store::of(&entrance.management))
}

pub(super) fn unreadable(error: impl std::fmt::Display) -> Failure {
    Failure::new("the history of the organization can't be read", escape(&error.to_string()))
        .hint("`landfall policy plan` prints what the role has to be allowed")
}

/// Those that can be read; what can't is for `verify` to tell.
pub(super) fn parsed(texts: &BTreeMap<u64, String>) -> BTreeMap<u64, ChangeRecord> {
    texts.iter().filter_map(|(number, text)| Some((*number, ChangeRecord::of(text)?))).collect()
}

async fn list(store: &Store, most: usize) -> Outcome {
    let (texts, _) = records::history(store).await.map_err(unreadable)?;
    if texts.is_empty() {
        eprintln!("No change has been recorded yet: `landfall apply` does.");
    }
    let lines: String = render::records(&parsed(&texts)).lines().take(most).flat_map(|line| [line, "\n"]).collect();
    print(&lines).map(|()| Exit::Done)
}

/// The text of a record.
async fn text(store: &Store, number: u64) -> Result<String, Failure> {
    let none = || Failure::new("no such record", format!("there is no record {number} in {}", store.bucket()));
    let hint = "`landfall record list` tells the numbers";
    records::record(store, number).await.map_err(unreadable)?.ok_or_else(|| none().hint(hint))
}

/// A record.
pub(super) async fn find(store: &Store, number: u64) -> Result<ChangeRecord, Failure> {
    let damaged = || unreadable(format!("record {number} is of another version, or damaged"));
    ChangeRecord::of(&text(store, number).await?).ok_or_else(damaged)
}

async fn show(store: &Store, number: u64, format: Format) -> Outcome {
    if format == Format::Json {
        return print(&text(store, number).await?).map(|()| Exit::Done);
    }
    let record = find(store, number).await?;
    let end = match &record.entry {
        Entry::Began(_) => end_of(store, number, &record.run).await?,
        Entry::Ended(_) | Entry::LockBroken { .. } => None,
    };
    print(&render::record(&record, end.as_ref())).map(|()| Exit::Done)
}

/// The end of a run, which may lie some records after its beginning.
async fn end_of(store: &Store, began: u64, run: &str) -> Result<Option<ChangeRecord>, Failure> {
    let (texts, _) = records::history(store).await.map_err(unreadable)?;
    let later = parsed(&texts).into_values().filter(|record| record.number > began);
    Ok(later.into_iter().find(|record| record.run == run && matches!(record.entry, Entry::Ended(_))))
}

async fn verify(store: &Store) -> Outcome {
    let (texts, head) = records::history(store).await.map_err(unreadable)?;
    let flaws = flaws(&texts, head.as_ref());
    if flaws.is_empty() {
        print(&format!("{}: none was altered, left out or moved.\n", many(texts.len(), "record")))?;
        return Ok(Exit::Done);
    }
    print(&flaws.iter().map(|flaw| format!("{}\n", escape(flaw))).collect::<String>())?;
    eprintln!("The store keeps every version of every record: compare them in the bucket {}.", store.bucket());
    Ok(Exit::Failed)
}
