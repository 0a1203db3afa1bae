//! What the commands that talk to GitHub share: their arguments, what a workflow's environment says, and who we are. Only here and in
//! `outside::github` are GitHub's environment variables read.

use super::Failure;
use crate::model::Name;
use crate::outside::github::Credentials;
pub use crate::outside::github::variable;
use crate::render::escape::line as escape;
use crate::review::{self, Author, Base, Event, GitHub, Octocrab, Repository, Trouble};

/// Where the request goes, and as whom.
#[derive(Debug, clap::Args)]
pub struct GitHubArgs {
    /// The repository at GitHub (default: GITHUB_REPOSITORY, that of the workflow)
    #[arg(long, value_name = "OWNER/NAME")]
    repository: Option<Repository>,
    /// The pull request (default: that of the workflow's event, or the one that was merged as the commit)
    #[arg(long, value_name = "NUMBER")]
    pub pull_request: Option<u64>,
    /// The estate whose comment it is (default: that of the plan, or of domains.yaml)
    #[arg(long, value_name = "NAME")]
    pub estate: Option<Name>,
    /// Whose comments are ours, such as `github-actions[bot]` (default: the token's user; any bot's, where GitHub doesn't tell)
    #[arg(long, value_name = "LOGIN")]
    author: Option<String>,
}

/// GitHub, asked as somebody.
pub struct Connected {
    pub github: GitHub<Octocrab>,
    pub author: Author,
}

/// Signs in: as the App whose key the environment holds, or else with `GITHUB_TOKEN`.
pub async fn connect(args: &GitHubArgs, writes: bool) -> Result<Connected, Failure> {
    let repository = repository(args)?;
    let base = Base::of_environment()?;
    let (token, known) = match Credentials::of_environment()? {
        Credentials::App(app) => {
            let (token, author) = review::installed(&base, &app, &repository, writes, tell).await?;
            (token, Some(author))
        }
        Credentials::Token(token) => (token, None),
    };
    let github = GitHub::new(Octocrab::new(&base, Some(&token))?, repository, tell);
    let author = match (&args.author, known) {
        (Some(login), _) => Author::Login(login.clone()),
        (None, Some(author)) => author,
        (None, None) => review::author(&github, &token).await?,
    };
    Ok(Connected { github, author })
}

/// What the workflow's event says; nothing, outside of a workflow.
pub fn event() -> Event {
    let text = variable("GITHUB_EVENT_PATH").and_then(|path| std::fs::read_to_string(path).ok());
    text.as_deref().map(Event::read).unwrap_or_default()
}

/// This workflow run: its id, and its address.
pub fn run(repository: &Repository) -> Option<(u64, String)> {
    let id = variable("GITHUB_RUN_ID")?.parse().ok()?;
    let plain = |server: &String| server.starts_with("http") && server.chars().all(|c| c.is_ascii_alphanumeric() || "-._:/".contains(c));
    let server = variable("GITHUB_SERVER_URL").filter(plain).unwrap_or_else(|| "https://github.com".to_owned());
    Some((id, format!("{}/{repository}/actions/runs/{id}", server.trim_end_matches('/'))))
}

fn repository(args: &GitHubArgs) -> Result<Repository, Failure> {
    let wrong = |why: String| Failure::new("it is not known which repository is meant", why).hint("--repository owner/name");
    match (&args.repository, variable("GITHUB_REPOSITORY")) {
        (Some(repository), _) => Ok(repository.clone()),
        (None, Some(text)) => text.parse().map_err(|why| wrong(format!("GITHUB_REPOSITORY is {}: {why}", escape(&text)))),
        (None, None) => Err(wrong("GITHUB_REPOSITORY is not set".to_owned())),
    }
}

/// Progress, such as a wait.
fn tell(text: &str) {
    eprintln!("{text}");
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Failure {
        let failure = Failure::new(trouble.summary, trouble.detail);
        match trouble.hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}
