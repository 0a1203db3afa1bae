//! One account's failure stops neither its peers nor itself where it need not, and no later environment of its domain starts.

use crate::emulator::Emulator;
use crate::estate::Generated;
use crate::live::{account, accounts};

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_account_stops_later_environments_of_its_domain_and_not_its_peers() {
    let emulator = Emulator::start().await;
    let estate = Generated::with(&["shop", "tools"]);
    let plan = emulator.plan(estate.root(), &[]);
    // Between plan and apply, a stranger takes the role's name in an account that comes into being outside of landfall.
    let organizations = aws_sdk_organizations::Client::new(&emulator.management());
    let email = "aws+shop-stage@acme.example";
    organizations.create_account().email(email).account_name("shop-stage").send().await.unwrap();
    let id = account(&emulator, email).await.id;
    let iam = aws_sdk_iam::Client::new(&emulator.member(&id).await);
    iam.create_role().role_name("ci-deploy").assume_role_policy_document("{}").send().await.unwrap();

    let ran = emulator.landfall(estate.root(), &["apply", &plan]);
    assert_ne!(ran.status, Some(0), "{}", ran.stdout);
    assert!(ran.stdout.contains("shop/stage/"), "the failure is named:\n{}", ran.stdout);

    let there: Vec<String> = accounts(&emulator).await.into_iter().map(|member| member.email).collect();
    for peer in ["aws+shop-dev@acme.example", "aws+tools-dev@acme.example", "aws+tools-stage@acme.example"] {
        assert!(there.iter().any(|email| email == peer), "{peer} goes on");
        let peer = account(&emulator, peer).await;
        let iam = aws_sdk_iam::Client::new(&emulator.member(&peer.id).await);
        assert!(iam.get_role().role_name("ci-deploy").send().await.is_ok(), "{} is whole", peer.email);
    }
    let prod: Vec<_> = there.iter().filter(|email| email.contains("-prod@")).collect();
    assert_eq!(prod, ["aws+tools-prod@acme.example"], "prod does not start where stage failed");
}
