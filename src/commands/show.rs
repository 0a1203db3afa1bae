//! `landfall show`: a plan file in any of the forms in which a plan can be printed. Reads the file, and nothing else.

use super::output::{colour, print};
use super::{Exit, Failure, Outcome, plan_file};
use crate::plan::{Plan, Report};
use crate::render;
use crate::render::comment::pages;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The plan file, as written by `landfall plan --out`
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    #[command(flatten)]
    shown: ShowArgs,
}

/// How a plan is printed.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// How to print the plan
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Show every account in full, also those that are alike
    #[arg(long)]
    full: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
    /// The pages of the whole plan, as job summaries show them
    Markdown,
    /// One file for a browser, with everything in it
    Html,
}

pub fn run(args: &Args) -> Outcome {
    let file = plan_file::open(&args.plan, "this plan can't be shown")?;
    show(&file.plan, &file.report, &args.shown)?;
    Ok(Exit::Done)
}

/// Prints a plan as it is asked for.
pub fn show(plan: &Plan, report: &Report, args: &ShowArgs) -> Result<(), Failure> {
    let ShowArgs { format, full } = args;
    print(&match format {
        Format::Text => render::text(plan, report, render::Options { color: colour(&std::io::stdout()), full: *full }),
        Format::Markdown => pages(plan, report).concat(),
        Format::Json => render::json(plan, report),
        Format::Html => render::page(plan, report),
    })
}
