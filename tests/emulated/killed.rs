//! An apply of the whole example estate, killed at any call of any account, or with any answer lost, and run again, ends in the state that an
//! undisturbed run ends in, with nothing twice and nothing lost; and what was reviewed once, and is half done, needs no second review.

use crate::applied::{Applied, applied};
use crate::emulator::Emulator;
use crate::estate::example;
use crate::live::{accounts, inventory, same};
use crate::strike::{Mishap, Strike};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

/// In each round every account is struck at one call. `LANDFALL_ROUND=6` takes another one than the first; `LANDFALL_ROUNDS=30` strikes each of the calls that an apply makes in an account, in some
/// account, by each mishap, and takes an hour or two.
const ROUNDS: usize = 1;
/// Each struck account costs at most one run, and they are struck many at once.
const MOST_RUNS: usize = 12;
/// When an account hears nothing any more, and the others have called nobody for so long, all is over that can go on without it.
const QUIET: Duration = Duration::from_secs(4);
/// With the management account.
const ACCOUNTS: usize = 31;
/// So far apart are the calls of two turns: a prime, so that all come up in time, and early as well as late ones in any round.
const STRIDE: usize = 37;
const MISHAPS: [Mishap; 3] = [Mishap::NeverArrives, Mishap::NeverAnswered, Mishap::AnswerLost];

/// How many there are of what the inventory does not tell apart.
type Census = BTreeMap<String, usize>;

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_call_it_can_simply_be_run_again() {
    let Applied { emulator, calls } = applied().await;
    let (live, census) = (inventory(emulator).await, counted(emulator).await);
    let number = |name: &str, otherwise| std::env::var(name).map_or(otherwise, |text| text.parse().expect("a number"));
    let first = number("LANDFALL_ROUND", 0);
    for round in first..first + number("LANDFALL_ROUNDS", ROUNDS) {
        let emulator = Emulator::start().await;
        let struck = disturbed(&emulator, &example(), round, calls).await;
        let what = format!("round {round}: {struck} accounts struck");
        println!("{what}");
        assert!(struck >= 20, "{what}");
        emulator.converged(&example());
        same(&inventory(&emulator).await, &live, &what);
        assert_eq!(counted(&emulator).await, census, "{what}");
    }
}

/// Plans and applies what was reviewed at first, again and again, until nobody was struck; answers how many were.
async fn disturbed(emulator: &Emulator, root: &Path, round: usize, calls: &[usize]) -> usize {
    let strike = Strike::on_the_way_to(&emulator.endpoint());
    let reviewed = emulator.file("reviewed.json");
    emulator.landfall(root, &["plan", "--out", &reviewed]).expect(0);
    let targets = |(place, calls): (usize, &usize)| {
        let turn = round * ACCOUNTS + place;
        (1 + turn / MISHAPS.len() * STRIDE % calls.max(&1), MISHAPS[turn % MISHAPS.len()])
    };
    for _ in 0..MOST_RUNS {
        let before = strike.struck().len();
        strike.begin(calls.iter().enumerate().map(targets).collect());
        let now = emulator.plan(root, &[]);
        let ended = apply(emulator, &strike, root, &[&now, "--reviewed", &reviewed]).await;
        if strike.struck().len() == before {
            let said = std::fs::read_to_string(emulator.file("said.txt")).unwrap();
            assert!(ended.is_some_and(|status| status.success()), "round {round}: {ended:?} of a run that nothing happened to\n{said}");
            return before;
        }
    }
    panic!("round {round}: accounts are struck without end: {:?}", strike.struck());
}

/// Applies, by way of the mishaps, and kills the run when it can't go on; answers how it ended, if by itself.
async fn apply(emulator: &Emulator, strike: &Strike, root: &Path, arguments: &[&str]) -> Option<ExitStatus> {
    let mut command = emulator.command(root, &[&["apply"], arguments].concat());
    let said = std::fs::File::create(emulator.file("said.txt")).unwrap();
    command.env("AWS_ENDPOINT_URL", &strike.endpoint).stdout(said.try_clone().unwrap()).stderr(said);
    let mut apply = command.spawn().unwrap();
    let (mut calls, mut quiet) = (Vec::new(), Duration::ZERO);
    loop {
        if let Some(status) = apply.try_wait().unwrap() {
            return Some(status);
        }
        let pause = Duration::from_millis(200);
        tokio::time::sleep(pause).await;
        let now = strike.calls();
        quiet = if now == calls { quiet + pause } else { Duration::ZERO };
        calls = now;
        if strike.silences() && quiet >= QUIET {
            // With no chance to tidy up.
            apply.kill().unwrap();
            apply.wait().unwrap();
            return None;
        }
    }
}

/// What could be there twice although it has one name, or none: keys, secrets, subscriptions, cases, and accounts at New Relic.
async fn counted(emulator: &Emulator) -> Census {
    let mut census = Census::new();
    if emulator.world().await.is_some() {
        // The inventory counts all that the simulated AWS holds.
        return census;
    }
    for account in accounts(emulator).await {
        let config = emulator.member(&account.id).await;
        let mut count = |what: &str| *census.entry(format!("{}: {what}", account.email)).or_default() += 1;
        let iam = aws_sdk_iam::Client::new(&config);
        for user in iam.list_users().send().await.unwrap().users() {
            let keys = iam.list_access_keys().user_name(user.user_name()).send().await.unwrap();
            keys.access_key_metadata().iter().for_each(|_| count(&format!("key of {}", user.user_name())));
        }
        let secrets = aws_sdk_secretsmanager::Client::new(&config).list_secrets().send().await.unwrap();
        secrets.secret_list().iter().for_each(|secret| count(&format!("secret {}", secret.name().unwrap())));
        let subscriptions = aws_sdk_sns::Client::new(&config).list_subscriptions().send().await.unwrap();
        subscriptions.subscriptions().iter().for_each(|one| count(&format!("subscription of {}", one.endpoint().unwrap())));
    }
    // The service answers in one Region only.
    let support = emulator.management().into_builder().region(aws_config::Region::new("us-east-1")).build();
    let cases = aws_sdk_support::Client::new(&support).describe_cases().include_resolved_cases(true).send().await.unwrap();
    census.insert("support cases".to_owned(), cases.cases().len());
    census.insert("accounts at New Relic".to_owned(), at_new_relic(emulator));
    census
}

fn at_new_relic(emulator: &Emulator) -> usize {
    let query = r#"{"query": "{ actor { organization { accountManagement { managedAccounts { id } } } } }"}"#;
    let (address, length) = (emulator.endpoint().trim_start_matches("http://").to_owned(), query.len());
    let mut stream = TcpStream::connect(&address).unwrap();
    let head = format!("POST /newrelic/graphql HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\napi-key: NRAK-KILLED\r\n");
    write!(stream, "{head}content-length: {length}\r\nconnection: close\r\n\r\n{query}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("managedAccounts"), "{answer}");
    answer.matches("\"id\"").count()
}
