//! A red canary and the gate in front of it: the real binary against the emulated AWS, which runs the canary's own handler.

use crate::emulator::{Emulator, ROLE, Ran};
use crate::estate::Generated;
use crate::health::without_default_route;
use crate::live::account;
use std::path::Path;

/// How often the canary's rule of an account's first zone fires.
async fn schedule(emulator: &Emulator, email: &str) -> Vec<String> {
    let id = account(emulator, email).await.id;
    let events = aws_sdk_eventbridge::Client::new(&emulator.member(&id).await);
    let rules = events.list_rules().send().await.unwrap().rules.unwrap_or_default();
    rules.into_iter().filter_map(|rule| rule.schedule_expression).collect()
}

fn gate(emulator: &Emulator, root: &Path, plan: &str, wave: &str) -> Ran {
    emulator.landfall(root, &["gate", plan, "--wave", wave, "--format", "json"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_red_canary_halts_prod_of_its_domain_and_a_rerun_meets_the_same_gate() {
    let emulator = Emulator::start().await;
    let estate = Generated::with(&["alpha", "beta"]);
    let root = estate.root();
    emulator.apply(root);
    let file = root.join("domains.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("modules_in: {{ prod: {{ canary: {{ minutes: 3 }} }} }}\n{text}")).unwrap();
    let plan = emulator.plan(root, &[]);
    let _ = gate(&emulator, root, &plan, "prod").expect(0);
    // Between plan and apply, somebody breaks an account in which this plan has nothing to do.
    let dev = account(&emulator, "aws+alpha-dev@acme.example").await.id;
    without_default_route(&emulator, &dev, "alpha/dev/us-west-2/route-table/private-b").await;

    let said: serde_json::Value = serde_json::from_str(&gate(&emulator, root, &plan, "prod").expect(2).stdout).unwrap();
    assert_eq!((&said["held"], &said["free"]), (&serde_json::json!(["alpha/prod"]), &serde_json::json!(["beta/prod"])), "{said}");
    let detail = said["reasons"][0]["detail"].as_str().unwrap();
    assert!(detail.starts_with("alpha/dev is red: landfall-canary-b: egress: no answer"), "{detail}");
    let _ = gate(&emulator, root, &plan, "stage").expect(2);
    let _ = gate(&emulator, root, &plan, "dev").expect(0);

    let back = emulator.file("back.json");
    for _ in 0..2 {
        let ran = emulator.landfall(root, &["apply", &plan, "--rollback-out", &back]).expect(1);
        assert!(ran.stdout.contains("The way back from what was done is in"), "{}", ran.stdout);
        assert!(ran.stdout.contains("gate prod: alpha/dev is red: landfall-canary-b: egress: no answer"), "{}", ran.stdout);
        assert!(ran.stdout.contains("\ngate prod: not started: alpha/prod\n"), "{}", ran.stdout);
        let of = |domain: &str| format!("aws+{domain}-prod@acme.example");
        assert!(schedule(&emulator, &of("alpha")).await.iter().all(|each| each == "rate(5 minutes)"));
        assert!(schedule(&emulator, &of("beta")).await.iter().any(|each| each == "rate(3 minutes)"));
    }
    let own = emulator.landfall(root, &["apply", &plan, "--wave", "prod", "--account", "alpha/prod"]).expect(1);
    assert!(own.stdout.contains("not started: alpha/prod"), "the job of a matrix asks for its own domain:\n{}", own.stdout);

    // The way back is of what was done alone, and passes the gate: beta is well.
    emulator.landfall(root, &["apply", &back]).expect(0);
    assert!(schedule(&emulator, "aws+beta-prod@acme.example").await.iter().all(|each| each == "rate(5 minutes)"));

    // What plans now mends dev first, and then the gate holds.
    emulator.apply(root);
    emulator.converged(root);
    assert!(schedule(&emulator, "aws+alpha-prod@acme.example").await.iter().any(|each| each == "rate(3 minutes)"));
}

/// A part of a plan, as a job of a matrix applies it.
fn job(emulator: &Emulator, root: &Path, (plan, token): (&str, &str), wave: &str, accounts: &str, more: &[&str]) -> Ran {
    let job = ["apply", plan, "--wave", wave, "--account", accounts, "--turn", token];
    emulator.landfall(root, &[&job[..], more].concat())
}

/// The role by which an account is entered, by its email.
async fn role(emulator: &Emulator, of: &str) -> String {
    format!("arn:aws:iam::{}:role/{ROLE}", account(emulator, &format!("aws+{of}@acme.example")).await.id)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_become_of_other_jobs_stands_in_the_records_of_their_turn() {
    let emulator = Emulator::start().await;
    let estate = Generated::with(&["shop", "tools"]);
    let root = estate.root();
    let plan = emulator.plan(root, &[]);
    let token = emulator.landfall(root, &["lock", "take", "--run", "test-1"]).expect(0).stdout.trim().to_owned();
    let gate = |wave: &str| {
        let ran = emulator.landfall(root, &["gate", &plan, "--wave", wave, "--turn", &token, "--format", "json"]);
        serde_json::from_str::<serde_json::Value>(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.stderr))
    };
    assert_eq!(gate("dev")["free"], serde_json::json!([]), "the organization has not begun");
    let run = (plan.as_str(), token.as_str());
    job(&emulator, root, run, "organization", "management", &[]).expect(0);
    assert_eq!(gate("dev")["held"], serde_json::json!([]));
    job(&emulator, root, run, "dev", "shop/dev,tools/dev", &[]).expect(0);
    // A stranger takes the name of a role: stage of shop fails, and a wave of two tolerates that.
    let organizations = aws_sdk_organizations::Client::new(&emulator.management());
    let email = "aws+shop-stage@acme.example";
    organizations.create_account().email(email).account_name("shop-stage").send().await.unwrap();
    let iam = aws_sdk_iam::Client::new(&emulator.member(&account(&emulator, email).await.id).await);
    iam.create_role().role_name("ci-deploy").assume_role_policy_document("{}").send().await.unwrap();
    job(&emulator, root, run, "stage", "shop/stage", &["--tolerate", "0"]).expect(1);
    let halted = job(&emulator, root, run, "stage", "tools/stage", &["--tolerate", "0"]).expect(1);
    assert!(halted.stderr.contains("wave stage: 1 failed (shop/stage), and it tolerates 0"), "{}", halted.stderr);
    assert_eq!(gate("prod")["reasons"].to_string().matches("was held back").count(), 1, "that one has not begun");
    job(&emulator, root, run, "stage", "tools/stage", &["--tolerate", "1"]).expect(0);

    let said = gate("prod");
    assert_eq!((&said["held"], &said["free"]), (&serde_json::json!(["shop/prod"]), &serde_json::json!(["tools/prod"])), "{said}");
    assert_eq!(said["reasons"][0]["detail"], "shop/stage did not succeed");
    parts(&emulator, root, &plan, &token).await;
    emulator.landfall(root, &["lock", "release", "test-1"]).expect(0);
    let over = emulator.landfall(root, &["gate", &plan, "--wave", "prod", "--turn", &token]).expect(1);
    assert!(over.stderr.contains("re-run all jobs"), "{}", over.stderr);
    let told = emulator.landfall(root, &["tell", "end", &plan, "--turn", &token]).expect(0);
    assert!(told.stderr.contains("That turn is over: nothing is told."), "{}", told.stderr);
}

/// The one account that may start gets a job, with its own part of the plan and nobody else's; that is enough to apply it. It does not exist
/// yet: another job makes it, and from then on its own can enter it.
async fn parts(emulator: &Emulator, root: &Path, plan: &str, token: &str) {
    let folder = emulator.file("parts");
    let gate = ["gate", plan, "--reviewed", plan, "--wave", "prod", "--turn", token, "--format", "outputs", "--parts", &folder];
    let ran = emulator.landfall(root, &gate).expect(2);
    let matrix = r#"{"include":[{"name":"tools/prod","accounts":"tools/prod","part":0}]}"#;
    assert_eq!(ran.stdout, format!("matrix={matrix}\nparallel=256\ntolerate=0\nmissing=tools/prod\n"));
    assert!(ran.stderr.contains("gate prod: not started: shop/prod"), "{}", ran.stderr);
    let (part, reviewed) = (format!("{folder}/0/plan.json"), format!("{folder}/0/reviewed.json"));
    let text = std::fs::read_to_string(&part).unwrap();
    assert!(text.contains("tools/prod/us-west-2/vpc/main") && !text.contains("tools/dev/us-west-2/vpc/main"), "{text}");
    let entered = || -> serde_json::Value {
        let policy = std::fs::read_to_string(format!("{folder}/0/policy.json")).unwrap();
        assert_eq!(policy.lines().count(), 1, "{policy}");
        serde_json::from_str::<serde_json::Value>(&policy).unwrap()["Statement"][1]["Resource"].clone()
    };
    let asked = [role(emulator, "tools-dev").await, role(emulator, "tools-stage").await];
    assert_eq!(entered(), serde_json::json!(asked), "whose canaries it asks, and nobody else");
    let made = job(emulator, root, (plan, token), "prod", "tools/prod", &["--reviewed", plan, "--accounts-for", &folder]).expect(0);
    assert!(made.stdout.contains("Applied: 1 done."), "{}", made.stdout);
    let own = role(emulator, "tools-prod").await;
    assert_eq!(entered(), serde_json::json!([&asked[0], &asked[1], &own]), "and its own");
    let apply = ["apply", &part, "--reviewed", &reviewed, "--wave", "prod", "--account", "tools/prod", "--turn", token];
    emulator.landfall(root, &apply).expect(0);
}
