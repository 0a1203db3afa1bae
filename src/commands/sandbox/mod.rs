//! `landfall sandbox`: an emulated AWS on this machine, to try everything without an account.
//! Talks to loopback only; never to AWS.

mod http;
pub mod install;
pub mod server;
mod tour;

use super::{Exit, Failure, Outcome};
use server::Running;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Clone, Copy, Debug, clap::Subcommand)]
enum Action {
    /// Plan, apply and plan again the domains.yaml of this folder, in the sandbox
    Tour,
    /// Start the sandbox, or find it running
    Start,
    /// Stop the sandbox; what is in it is gone
    Stop,
    /// Forget everything that is in the sandbox
    Reset,
    /// Tell whether the sandbox runs, and where
    Status,
    /// Print the environment in which every command uses the sandbox: eval "$(landfall sandbox env)"
    Env,
}

pub async fn run(args: Args) -> Outcome {
    match args.action {
        Action::Tour => tour::run().await,
        Action::Start => start().await,
        Action::Stop => stop(),
        Action::Reset => reset().await,
        Action::Status => status().await,
        Action::Env => env().await,
    }
}

async fn start() -> Outcome {
    let running = server::start().await?;
    println!("The sandbox runs at {}. Use it with: eval \"$(landfall sandbox env)\"", running.endpoint());
    Ok(Exit::Done)
}

fn stop() -> Outcome {
    println!("{}", if server::stop()? { "The sandbox is stopped." } else { "The sandbox was not running." });
    Ok(Exit::Done)
}

async fn reset() -> Outcome {
    let running = running().await?;
    server::reset(&running).await?;
    println!("The sandbox at {} is empty again.", running.endpoint());
    Ok(Exit::Done)
}

async fn status() -> Outcome {
    match server::running().await? {
        Some(running) => println!("The sandbox runs at {}, process {}.", running.endpoint(), running.pid),
        None => println!("The sandbox is not running."),
    }
    Ok(Exit::Done)
}

async fn env() -> Outcome {
    for (name, value) in environment(&running().await?.endpoint()) {
        println!("export {name}={value}");
    }
    Ok(Exit::Done)
}

async fn running() -> Result<Running, Failure> {
    let none = || Failure::new("the sandbox is not running", "nothing answers for it").hint("landfall sandbox start");
    server::running().await?.ok_or_else(none)
}

/// The environment that leads any AWS tool to an emulated AWS. The credentials are words, so that nobody takes them for secrets.
pub fn environment(endpoint: &str) -> [(&'static str, String); 4] {
    [
        ("AWS_ENDPOINT_URL", endpoint.to_owned()),
        ("AWS_ACCESS_KEY_ID", "sandbox".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "sandbox".to_owned()),
        ("AWS_REGION", "us-west-2".to_owned()),
    ]
}
