//! `landfall rollback`: the plan that undoes a recorded run. Applies nothing: it is reviewed and applied like any other plan.

use super::record::{find, open, unreadable};
use super::{Exit, Failure, Outcome, files, show, way_back};
use crate::cloud::records;
use crate::model::{Began, Entry};
use crate::plan::PlanFile;
use crate::render::escape::line as escape;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The number of the record, as `landfall record list` tells it
    number: u64,
    #[command(flatten)]
    files: files::FileArgs,
    /// Write it as a plan file, for `landfall apply`
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    shown: show::ShowArgs,
}

pub async fn run(args: Args) -> Outcome {
    let store = open(&args.files).await?;
    let record = find(&store, args.number).await?;
    let Entry::Began(began) = record.entry else { return Err(none(args.number, "it is not of a run's beginning")) };
    let Began { rollback: Some(kept), .. } = *began else { return Err(none(args.number, "none was kept for it")) };
    let text = records::rollback(&store, &kept).await.map_err(unreadable)?;
    let file = PlanFile::read(&text).map_err(|error| none(args.number, &escape(&error.to_string())))?;
    show::show(&file.plan, &file.report, &args.shown)?;
    if let Some(path) = &args.out {
        way_back::write(path, &file)?;
        eprintln!("What was not done of the run finds nothing to undo. To apply it: landfall apply {}", path.display());
    }
    Ok(Exit::Done)
}

fn none(number: u64, why: &str) -> Failure {
    Failure::new("there is no way back from this record", format!("record {number}: {why}"))
        .hint("`landfall record list` tells the runs; each begins with the record whose number it has there")
}
