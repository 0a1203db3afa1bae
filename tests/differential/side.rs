//! The two sides of a story, and how it is told to them. Each story has an account of its own.

use super::alike::{Pairs, differences};
use super::emulator::{ROLE, config};
use super::moto;
use super::tree::Tree;
use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::RetryConfig;
use std::fmt::Debug;
use std::time::Duration;

/// Long enough for whatever takes its time there.
const REST: Duration = Duration::from_millis(100);

/// One of the two, as a story sees it.
pub struct Side {
    pub management: SdkConfig,
    pub member: SdkConfig,
    /// The number of the member account, which is the story's own.
    pub account: String,
    told: Vec<Told>,
    excuse: Option<(&'static str, &'static str)>,
}

/// What an operation came back with.
struct Told {
    operation: &'static str,
    said: Said,
    /// Why the two may differ.
    excuse: Option<&'static str>,
}

#[derive(Debug)]
enum Said {
    Answer(Tree),
    Refusal(String),
}

impl Side {
    async fn at(endpoint: &str, account: &str) -> Side {
        let management = unrepeated(endpoint, Credentials::new("test", "test", None, None, "test"));
        let call = aws_sdk_sts::Client::new(&management).assume_role().role_session_name("story");
        let issued = call.role_arn(format!("arn:aws:iam::{account}:role/{ROLE}")).send().await.unwrap().credentials.unwrap();
        let token = Some(issued.session_token().to_owned());
        let member = unrepeated(endpoint, Credentials::new(issued.access_key_id(), issued.secret_access_key(), token, None, "test"));
        Side { management, member, account: account.to_owned(), told: Vec::new(), excuse: None }
    }

    /// Notes what an operation came back with, and hands on the answer.
    pub fn told<T: Debug, E: ProvideErrorMetadata + Debug, R: Debug>(
        &mut self,
        operation: &'static str,
        result: Result<T, SdkError<E, R>>,
    ) -> Option<T> {
        let said = match &result {
            Ok(answer) => Said::Answer(Tree::of(&format!("{answer:?}"))),
            Err(SdkError::ServiceError(error)) => Said::Refusal(error.err().code().unwrap_or("no code").to_owned()),
            Err(error) => Said::Refusal(format!("{error:?}")),
        };
        let excuse = self.excuse.take().map(|(of, why)| {
            assert_eq!(of, operation, "an excuse is for the call that comes next");
            why
        });
        self.told.push(Told { operation, said, excuse });
        result.ok()
    }

    /// The next call, which is of this operation, comes back with something else from each, and that is why.
    pub fn differs(&mut self, operation: &'static str, why: &'static str) {
        self.excuse = Some((operation, why));
    }

    /// Until whatever takes its time has had it.
    pub async fn rest(&self) {
        tokio::time::sleep(REST).await;
    }
}

/// Tells a story to both sides, and fails with all in which they differ.
pub async fn both(name: &str, story: impl AsyncFn(&mut Side)) {
    // A number that is the story's: its letters, as digits.
    let sum = name.bytes().fold(0_u64, |sum, letter| (sum * 31 + u64::from(letter)) % 1_000_000);
    let account = format!("777777{sum:06}");
    let mut sides = Vec::new();
    for endpoint in [moto::simulated(), moto::emulated()] {
        let mut side = Side::at(endpoint, &account).await;
        story(&mut side).await;
        sides.push(side);
    }
    let [simulated, emulated] = sides.try_into().ok().expect("two sides");
    assert!(!simulated.told.is_empty(), "nothing was told");
    let problems = held_against(&simulated.told, &emulated.told);
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

fn held_against(simulated: &[Told], emulated: &[Told]) -> Vec<String> {
    let (mut pairs, mut problems) = (Pairs::default(), Vec::new());
    for (number, (ours, theirs)) in simulated.iter().zip(emulated).enumerate() {
        let place = format!("{}. {}", number + 1, ours.operation);
        assert_eq!(ours.operation, theirs.operation, "{place}: the story goes on differently");
        let found = match (&ours.said, &theirs.said) {
            (Said::Answer(ours), Said::Answer(theirs)) => differences(ours, theirs, &mut pairs),
            (Said::Refusal(ours), Said::Refusal(theirs)) if ours == theirs => Vec::new(),
            (ours, theirs) => vec![format!("simulated: {}, emulated: {}", shown(ours), shown(theirs))],
        };
        match ours.excuse {
            None => problems.extend(found.into_iter().map(|difference| format!("{place}: {difference}"))),
            Some(why) if found.is_empty() => problems.push(format!("{place}: they don't differ, and need no excuse: {why}")),
            Some(_) => {}
        }
    }
    if simulated.len() != emulated.len() {
        problems.push(format!("the story has {} calls to the simulated, and {} to the emulated", simulated.len(), emulated.len()));
    }
    problems
}

fn shown(said: &Said) -> String {
    match said {
        Said::Answer(_) => "it is done".to_owned(),
        Said::Refusal(code) => code.clone(),
    }
}

/// Settings with which nothing is asked twice: what is said first is what counts.
fn unrepeated(endpoint: &str, credentials: Credentials) -> SdkConfig {
    config(endpoint, credentials).to_builder().retry_config(RetryConfig::disabled()).build()
}
