//! `landfall tell`: tells everybody and each team that a run in several jobs begins, and how it ended. Reads the change records of its turn;
//! writes nothing. A turn that is over has been told of, so nothing is told twice.

use super::apply::Spread;
use super::calls::Calls;
use super::connect::{Mode, connect_while};
use super::{Exit, Outcome, lock, plan_file, record};
use crate::cloud::Store;
use crate::cloud::lock::under_way;
use crate::cloud::records::of_turn;
use crate::model::Turn;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to tell of
    #[arg(value_enum)]
    what: What,
    /// The plan file that the jobs carry out
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// The plan file that was reviewed: what is not in it no job carries out
    #[arg(long, value_name = "FILE")]
    reviewed: Option<PathBuf>,
    /// The turn that the jobs write in, as `landfall lock take` printed it
    #[arg(long, value_name = "TOKEN")]
    turn: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// That the run begins
    Start,
    /// How it ended; before its turn is given back
    End,
}

pub async fn run(args: Args) -> Outcome {
    let open = |path: &PathBuf| plan_file::open(path, "nobody can be told of this plan");
    let file = open(&args.plan)?;
    let reviewed = args.reviewed.as_ref().map(open).transpose()?;
    let (region, role) = (file.plan.home_region.clone(), file.plan.access_role.clone());
    let entrance = connect_while(Turn::default(), Mode::Looking, region, role, false, &Calls::default()).await?;
    let store = Store::of(&entrance.management);
    let Some(fence) = under_way(&store, &args.turn).await.map_err(lock::failed)? else {
        eprintln!("That turn is over: nothing is told.");
        return Ok(Exit::Done);
    };
    let spread = Spread::of(&file, reviewed.as_ref(), &store, &args.turn, &entrance.caller.arn).await?;
    match args.what {
        What::Start => spread.began().await,
        What::End => spread.ended(&of_turn(&store, fence).await.map_err(record::unreadable)?).await,
    }
    Ok(Exit::Done)
}
