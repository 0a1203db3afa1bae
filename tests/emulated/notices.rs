//! Who hears of a run, and that nobody who doesn't can harm it: the real binary, a listener, and the stand-in for GitHub.

use crate::emulator::{Emulator, Ran};
use crate::estate::Generated;
use crate::github::GitHub;
use crate::listener::{Heard, Listener};
use ring::hmac;
use serde_json::{Value, json};

const KEY: &str = "sIgNiNg-KeY-that-nobody-may-see";
/// In the path of every address, and in nothing that is printed or kept.
const PATH: &str = "T0SeCrEtPaTh";
const COMMIT: &str = "cccccccccccccccccccccccccccccccccccccccc";

fn estate(notices: &str) -> Generated {
    let estate = Generated::with(&["shop"]);
    let file = estate.root().join("domains.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(file, text.replacen("domains:\n", &format!("notices: {notices}\ndomains:\n"), 1)).unwrap();
    estate
}

/// Runs landfall with these variables. None of the secrets is in what it prints.
fn told(emulator: &Emulator, estate: &Generated, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
    let mut command = emulator.command(estate.root(), arguments);
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let ran = Ran { status: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) };
    for secret in [PATH, KEY] {
        assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret), "{}\n{}", ran.stdout, ran.stderr);
    }
    ran
}

fn json(heard: &[Heard]) -> Vec<Value> {
    heard.iter().map(|heard| serde_json::from_str(&heard.body).unwrap()).collect()
}

/// What was told to whom, in order.
fn said(heard: &[Heard]) -> Vec<String> {
    let texts = json(heard).into_iter().map(|body| body["title"].as_str().or(body["text"].as_str()).unwrap().to_owned());
    texts.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_told_to_everybody_once_and_to_each_team() {
    let emulator = Emulator::start().await;
    let (listener, estate) = (Listener::start(), estate("{ slack: true, webhook: true, deployments: acme/infra }"));
    let github = GitHub::start(&json!({ "tokens": { "ghp_x": { "login": "ada", "type": "User", "writes": true } } }));
    let plan = emulator.plan(estate.root(), &[]);
    let kept = std::fs::read_to_string(&plan).unwrap();
    assert!(kept.contains(r#""notices":{"slack":true"#) && !kept.contains(PATH), "the plan says who hears, and no address");
    let (slack, team, hook) = (format!("/slack/{PATH}"), format!("/team/{PATH}"), format!("/hook/{PATH}"));
    let addresses = [slack, team, hook].map(|path| listener.at(&path));
    let (summary, collector) = (emulator.file("summary.md"), listener.at("/otlp"));
    let variables = [
        ("LANDFALL_SLACK_WEBHOOK", addresses[0].as_str()),
        ("LANDFALL_SLACK_WEBHOOK_CORE", &addresses[1]),
        ("LANDFALL_WEBHOOK", &addresses[2]),
        ("LANDFALL_WEBHOOK_SECRET", KEY),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector),
        ("GITHUB_API_URL", &github.address()),
        ("GITHUB_TOKEN", "ghp_x"),
        ("GITHUB_SHA", COMMIT),
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_STEP_SUMMARY", &summary),
    ];
    let ran = told(&emulator, &estate, &["apply", &plan, "--format", "json"], &variables).expect(0);

    assert_eq!(said(&listener.heard("/slack")), ["acme: apply started", "acme: apply succeeded"]);
    assert_eq!(said(&listener.heard("/team")), ["acme: apply started for core", "acme: apply succeeded for core"]);
    let hooked = listener.heard("/hook");
    let all = ["acme: apply started", "acme: apply started for core", "acme: apply succeeded", "acme: apply succeeded for core"];
    assert_eq!(said(&hooked), all);
    assert_eq!(json(&hooked)[3]["accounts"], json!({ "shop/dev": "done", "shop/stage": "done", "shop/prod": "done" }));
    hooked.iter().for_each(signed);
    deployed(&github);
    events(&ran.stdout);
    runner(&ran.stderr);
    traced(&listener.heard("/otlp/v1/traces"));
    let summary = std::fs::read_to_string(summary).unwrap();
    assert!(summary.starts_with("# Change record 1\n") && summary.contains("succeeded") && !summary.contains(PATH), "{summary}");
}

/// The signature is what docs/notices.md says.
fn signed(heard: &Heard) {
    let header = |name: &str| heard.head.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).unwrap().trim().to_owned();
    let (time, signature) = (header("x-landfall-timestamp"), header("x-landfall-signature"));
    let key = hmac::Key::new(hmac::HMAC_SHA256, KEY.as_bytes());
    let tag = hmac::sign(&key, format!("{time}.{}", heard.body).as_bytes());
    assert_eq!(signature, format!("v1={}", tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>()));
}

/// Each wave is a deployment of the commit, and has succeeded.
fn deployed(github: &GitHub) {
    let state = github.state();
    let all = state["deployments"].as_array().unwrap();
    let shown: Vec<String> = all.iter().map(|one| format!("{} {} {}", one["environment"], one["sha"], one["states"])).collect();
    for (place, wave) in ["organization", "dev", "stage", "prod"].iter().enumerate() {
        let states = r#"[["in_progress","1 account to do"],["success","1 of 1 account done, 0 failed"]]"#;
        assert_eq!(shown[place], format!("\"acme-{wave}\" \"{COMMIT}\" {states}"));
    }
}

/// Every line of stdout is an event of the format.
fn events(stdout: &str) {
    let all: Vec<Value> = stdout.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    assert!(all.iter().all(|event| event["format"] == 1 && event["at"].is_string()), "{stdout}");
    let names: Vec<&str> = all.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!((names[0], *names.last().unwrap()), ("run-started", "run-ended"));
    let count = |name: &str| names.iter().filter(|one| **one == name).count();
    assert_eq!((count("wave-started"), count("account-started"), count("account-ended")), (4, 4, 4));
    assert_eq!(count("step-started"), all[0]["steps"].as_u64().unwrap() as usize);
    assert_eq!((count("step-ended"), &all.last().unwrap()["outcome"]), (count("step-started"), &json!("succeeded")));
}

/// The runner takes no command but those between the word and the word: groups that open and close, and annotations.
fn runner(stderr: &str) {
    let word = stderr.lines().next().unwrap().strip_prefix("::stop-commands::").expect("it takes none from the first line on").to_owned();
    assert!(word.len() == 32 && stderr.ends_with(&format!("::{word}::\n")), "{stderr}");
    let (mut takes, mut open, mut groups) = (false, false, 0);
    for line in stderr.lines().filter(|line| line.trim_start().starts_with("::")) {
        if line == format!("::{word}::") {
            takes = true;
        } else if line == format!("::stop-commands::{word}") {
            takes = false;
        } else {
            assert!(takes, "{line}");
            match line {
                "::endgroup::" => assert!(std::mem::replace(&mut open, false)),
                line if line.starts_with("::group::wave ") => {
                    assert!(!std::mem::replace(&mut open, true));
                    groups += 1;
                }
                line => assert!(line.starts_with("::error title="), "{line}"),
            }
        }
    }
    assert!(!open && groups > 0, "{stderr}");
}

/// Run, waves, accounts and steps, each part of another.
fn traced(heard: &[Heard]) {
    let body = &json(heard)[0];
    let spans = body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap();
    let parent = |span: &Value| spans.iter().find(|one| one["spanId"] == span["parentSpanId"]).map(|one| one["name"].clone());
    let named = |name: &str| spans.iter().find(|span| span["name"] == name).unwrap_or_else(|| panic!("no span {name}"));
    assert_eq!(parent(named("apply")), None);
    assert_eq!(parent(named("wave prod")), Some(json!("apply")));
    assert_eq!(parent(named("shop/prod")), Some(json!("wave prod")));
    let step = spans.iter().find(|span| span["name"] == "iam-role ci-deploy" && parent(span) == Some(json!("shop/prod"))).unwrap();
    assert_eq!(step["status"]["code"], 1);
    assert!(spans.iter().all(|span| span["traceId"] == spans[0]["traceId"] && span["spanId"].as_str().unwrap().len() == 16));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_told_at_once_and_whoever_does_not_listen_fails_nothing() {
    let emulator = Emulator::start().await;
    let (listener, estate) = (Listener::start(), estate("{ slack: true, webhook: true, deployments: true }"));
    let plan = emulator.plan(estate.root(), &[]);
    let organizations = aws_sdk_organizations::Client::new(&emulator.management());
    let email = "aws+shop-stage@acme.example";
    organizations.create_account().email(email).account_name("shop-stage").send().await.unwrap();

    let (broken, team, silent) = (format!("/broken/{PATH}"), format!("/team/{PATH}"), format!("/silent/{PATH}"));
    let addresses = [broken, team, silent].map(|path| listener.at(&path));
    let variables = [
        ("LANDFALL_SLACK_WEBHOOK", addresses[0].as_str()),
        ("LANDFALL_SLACK_WEBHOOK_CORE", &addresses[1]),
        ("LANDFALL_WEBHOOK", &addresses[2]),
        ("GITHUB_ACTIONS", "true"),
    ];
    let ran = told(&emulator, &estate, &["apply", &plan], &variables);
    assert_ne!(ran.status, Some(0), "{}", ran.stdout);
    let done = ran.stdout.lines().find(|line| line.starts_with("Not all applied: ")).unwrap_or_else(|| panic!("{}", ran.stdout));
    assert!(done.contains("not started"), "prod of the domain does not start: {done}");
    let team = ["acme: apply started for core", "acme: shop/stage failed for core", "acme: apply did not succeed for core"];
    assert_eq!(said(&listener.heard("/team")), team);
    let failed = json(&listener.heard("/team"))[1].to_string();
    assert!(
        failed.contains("shop/stage/global/account/main: withheld: it was to be created, but something else is there by now"),
        "{failed}\n{}",
        ran.stderr
    );
    for unheard in ["Slack: it answered 500", "the webhook: no answer within 5 s", "GitHub: GITHUB_REPOSITORY is not set"] {
        let line = format!("not all of this run was told to {unheard}\n");
        assert_eq!(ran.stderr.matches(&line).count(), 1, "{}", ran.stderr);
    }
    runner(&ran.stderr);
}
