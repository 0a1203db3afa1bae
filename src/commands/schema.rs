//! `landfall schema`: prints the schemas that editors complete from.

use super::{Exit, Outcome};
use crate::config::schema;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file that the schema is of
    #[arg(value_enum)]
    of: Of,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Of {
    Domains,
    Module,
}

pub fn run(args: &Args) -> Outcome {
    let schema = match args.of {
        Of::Domains => schema::domains(),
        Of::Module => schema::module(),
    };
    print!("{}", schema::text(&schema));
    Ok(Exit::Done)
}
