//! Arguments in, exit status out.

use clap::Parser;
use landfall::commands::{Arguments, Exit, run};

#[tokio::main]
async fn main() -> Exit {
    match run(Arguments::parse()).await {
        Ok(exit) => exit,
        Err(failure) if failure.is_said() => Exit::Failed,
        Err(failure) => {
            eprintln!("{failure}");
            Exit::Failed
        }
    }
}
