//! What was reviewed is what is applied: what has changed since is withheld, named, and has an exit status of its own; the rest goes on, and
//! so does what a run of the reviewed plan left half made.

use crate::changed_by_hand::delete_role;
use crate::emulator::Emulator;
use crate::estate::Generated;
use crate::live::{account, accounts};

#[tokio::test(flavor = "multi_thread")]
async fn what_has_changed_since_the_review_is_withheld_and_the_rest_goes_on() {
    let emulator = Emulator::start().await;
    let (before, after) = (Generated::with(&["shop"]), Generated::with(&["shop", "tools"]));
    emulator.apply(before.root());
    let reviewed = emulator.file("reviewed.json");
    emulator.landfall(after.root(), &["plan", "--out", &reviewed]).expect(0);
    // After the review, somebody deletes a role: to create it again is nothing that anybody has seen.
    delete_role(&emulator.member(&account(&emulator, "aws+shop-prod@acme.example").await.id).await).await;
    let now = emulator.plan(after.root(), &[]);
    assert_eq!(emulator.steps(after.root()).iter().filter(|step| step.contains(" shop/")).count(), 1);

    let dev = emulator.landfall(after.root(), &["apply", &now, "--reviewed", &reviewed, "--wave", "dev"]).expect(0);
    assert!(!dev.stdout.contains("withheld"), "{}", dev.stdout);
    let there: Vec<String> =
        accounts(&emulator).await.into_iter().map(|member| member.email).filter(|email| email.contains("tools")).collect();
    assert_eq!(there, ["aws+tools-dev@acme.example"], "one wave is one wave");

    let rest = emulator.landfall(after.root(), &["apply", &now, "--reviewed", &reviewed]).expect(2);
    let said = "shop/prod/global/iam-role/ci-deploy: withheld: create iam-role ci-deploy was not reviewed as it is planned now";
    assert!(rest.stdout.contains(said), "{}", rest.stdout);
    assert_eq!(emulator.steps(after.root()), ["create shop/prod/global/iam-role/ci-deploy"], "all else is done");

    let only = emulator
        .landfall(after.root(), &["apply", &emulator.plan(after.root(), &[]), "--reviewed", &reviewed, "--account", "tools/dev,shop/prod"]);
    assert!(only.expect(2).stdout.contains("no step was reviewed as it is planned now"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_left_half_made_goes_on_and_what_nobody_began_does_not() {
    let emulator = Emulator::start().await;
    let estate = Generated::with(&["shop"]);
    let organizations = aws_sdk_organizations::Client::new(&emulator.management());
    for environment in ["dev", "prod"] {
        let email = format!("aws+shop-{environment}@acme.example");
        organizations.create_account().email(email).account_name(format!("shop-{environment}")).send().await.unwrap();
    }
    let reviewed = emulator.file("reviewed.json");
    emulator.landfall(estate.root(), &["plan", "--out", &reviewed]).expect(0);
    let dev = emulator.member(&account(&emulator, "aws+shop-dev@acme.example").await.id).await;
    let prod = emulator.member(&account(&emulator, "aws+shop-prod@acme.example").await.id).await;
    // A stranger has the role's name, and so the step fails, and prod is not begun.
    aws_sdk_iam::Client::new(&dev).create_role().role_name("ci-deploy").assume_role_policy_document("{}").send().await.unwrap();
    emulator.landfall(estate.root(), &["apply", &reviewed]).expect(1);

    // What a job that is lost between two calls leaves: the role is there, and ours, and lacks what it may do.
    delete_role(&dev).await;
    for (role, environment) in [(&dev, "dev"), (&prod, "prod")] {
        let mark = format!("shop/{environment}/global/iam-role/ci-deploy");
        let tag = aws_sdk_iam::types::Tag::builder().key("landfall:address").value(mark).build().unwrap();
        let call = aws_sdk_iam::Client::new(role).create_role().role_name("ci-deploy").assume_role_policy_document("{}");
        call.tags(tag).send().await.unwrap();
    }
    let now = emulator.plan(estate.root(), &[]);
    let ran = emulator.landfall(estate.root(), &["apply", &now, "--reviewed", &reviewed]).expect(2);
    let said = |environment: &str, what: &str| ran.stdout.contains(&format!("shop/{environment}/global/iam-role/ci-deploy: {what}"));
    assert!(said("dev", "goes on: ") && said("prod", "withheld: update "), "{}", ran.stdout);
    assert_eq!(emulator.steps(estate.root()), ["update shop/prod/global/iam-role/ci-deploy"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_of_another_estate_approves_nothing() {
    let emulator = Emulator::start().await;
    let (ours, theirs) = (Generated::with(&["shop"]), Generated::with(&["shop"]));
    let text = std::fs::read_to_string(theirs.root().join("domains.yaml")).unwrap();
    std::fs::write(theirs.root().join("domains.yaml"), text.replacen("name: acme", "name: other", 1)).unwrap();
    let reviewed = emulator.file("reviewed.json");
    emulator.landfall(theirs.root(), &["plan", "--out", &reviewed]).expect(0);
    let now = emulator.plan(ours.root(), &[]);
    let ran = emulator.landfall(ours.root(), &["apply", &now, "--reviewed", &reviewed]).expect(1);
    assert!(ran.stderr.contains("these plans are of two estates"), "{}", ran.stderr);
    assert_eq!(accounts(&emulator).await.iter().filter(|member| member.email.contains("shop")).count(), 0);
}
