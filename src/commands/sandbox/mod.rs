//! `landfall sandbox`: an AWS on this machine, to try everything without an account: the simulated one that is in this program, or, where
//! that is asked for, an emulated one. Talks to loopback only; must never talk to AWS.

mod embedded;
mod emulated;
mod http;
pub mod install;
mod program;
pub mod serve;
pub mod server;
mod tour;

use super::{Exit, Failure, Outcome};
use server::{Running, Which};
use std::collections::BTreeMap;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Plan, apply and plan again the domains.yaml of this folder, in the sandbox
    Tour(Choice),
    /// Start the sandbox, or find it running
    Start(Choice),
    /// Run the embedded AWS itself: what `start` starts
    #[command(hide = true)]
    Serve(embedded::Args),
    /// Stop the sandbox; what is in it is there again at the next start, unless it is the emulated one
    Stop,
    /// Forget everything that is in the sandbox
    Reset,
    /// Tell whether the sandbox runs, and where
    Status,
    /// Print the environment in which every command uses the sandbox: eval "$(landfall sandbox env)"
    Env,
}

#[derive(Clone, Copy, Debug, clap::Args)]
struct Choice {
    /// Use the emulated AWS (moto, which needs Python) and not the one that is in this program
    #[arg(long)]
    emulated: bool,
}

impl Choice {
    fn which(self) -> Option<Which> {
        self.emulated.then_some(Which::Emulated)
    }
}

pub async fn run(args: Args) -> Outcome {
    match args.action {
        Action::Tour(choice) => tour::run(choice.which()).await,
        Action::Start(choice) => start(choice.which()).await,
        Action::Serve(args) => embedded::run(args).await,
        Action::Stop => stop().await,
        Action::Reset => reset().await,
        Action::Status => status().await,
        Action::Env => env().await,
    }
}

async fn start(which: Option<Which>) -> Outcome {
    let running = server::start(which).await?;
    println!("The sandbox runs at {}. Use it with: eval \"$(landfall sandbox env)\"", running.endpoint());
    Ok(Exit::Done)
}

async fn stop() -> Outcome {
    match server::running().await? {
        Some(running) => {
            server::stop(&running).await?;
            match running.which() {
                Some(Which::Emulated) => println!("The sandbox is stopped; what was in it is gone."),
                _ => println!("The sandbox is stopped; what is in it is there again when it starts."),
            }
        }
        None => println!("The sandbox was not running."),
    }
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
        match value {
            Some(value) => println!("export {name}={value}"),
            None => println!("unset {name}"),
        }
    }
    Ok(Exit::Done)
}

async fn running() -> Result<Running, Failure> {
    let none = || Failure::new("the sandbox is not running", "nothing answers for it").hint("landfall sandbox start");
    server::running().await?.ok_or_else(none)
}

/// The sandbox's access key and secret: a word, so that nobody takes it for a secret.
const CREDENTIAL: &str = "sandbox";
/// Where AWS tools look that are not told otherwise.
const REGION: &str = "us-west-2";

/// The environment that leads any AWS tool to an emulated AWS and nowhere else: every other `AWS_` variable goes (no value), and
/// so do the user's own files, which may name endpoints and credentials that would come first. New Relic is emulated beside it.
pub fn environment(endpoint: &str) -> BTreeMap<String, Option<String>> {
    let inherited = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let cleared = inherited.filter(|name| name.starts_with("AWS_") && is_plain(name)).map(|name| (name, None));
    let nerdgraph = format!("{endpoint}/newrelic/graphql");
    let github = format!("{endpoint}/github");
    // An App's key would come before the token, and be shown to whoever listens there.
    let cleared = cleared.chain([("LANDFALL_APP_PRIVATE_KEY".to_owned(), None)]);
    let set = [
        ("NEW_RELIC_API_KEY", CREDENTIAL),
        ("NEW_RELIC_API_URL", nerdgraph.as_str()),
        ("AWS_ENDPOINT_URL", endpoint),
        ("GITHUB_API_URL", &github),
        ("GITHUB_TOKEN", CREDENTIAL),
        ("AWS_ACCESS_KEY_ID", CREDENTIAL),
        ("AWS_SECRET_ACCESS_KEY", CREDENTIAL),
        ("AWS_DEFAULT_REGION", REGION),
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
    ];
    cleared.chain(set.map(|(name, value)| (name.to_owned(), Some(value.to_owned())))).collect()
}

/// Whether a shell can take the name as it is: what is printed here gets evaluated.
fn is_plain(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
