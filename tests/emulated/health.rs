//! `landfall health` against the emulated AWS, which runs the canary's own handler on what the emulated network lets through.

use crate::emulator::Emulator;
use crate::estate::Generated;
use aws_sdk_ec2::types::Filter;

/// The number of an account, by its email.
async fn account(emulator: &Emulator, email: &str) -> String {
    let client = aws_sdk_organizations::Client::new(&emulator.management());
    let listed = client.list_accounts().send().await.unwrap();
    listed.accounts().iter().find(|account| account.email() == Some(email)).and_then(|account| account.id()).unwrap().to_owned()
}

pub async fn without_default_route(emulator: &Emulator, id: &str, table: &str) {
    let ec2 = aws_sdk_ec2::Client::new(&emulator.member(id).await);
    let mark = Filter::builder().name("tag:landfall:address").values(table).build();
    let tables = ec2.describe_route_tables().filters(mark).send().await.unwrap();
    let id = tables.route_tables()[0].route_table_id().unwrap();
    ec2.delete_route().route_table_id(id).destination_cidr_block("0.0.0.0/0").send().await.unwrap();
}

fn lines(text: &str) -> Vec<(String, String, String)> {
    let part = |line: &str| {
        let (account, rest) = line.split_once(' ').unwrap();
        let (colour, rest) = rest.trim_start().split_once(' ').unwrap();
        (account.to_owned(), colour.to_owned(), rest.trim_start().to_owned())
    };
    text.lines().map(part).collect()
}

/// Applies the files with a setting more to prod, whose canaries don't like it, and answers the plan's digest, shortened.
fn applied_with(emulator: &Emulator, estate: &Generated, setting: &str) -> String {
    let file = estate.root().join("domains.yaml");
    let files = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{setting}\n{files}")).unwrap();
    let plan = emulator.plan(estate.root(), &[]);
    let ran = emulator.landfall(estate.root(), &["apply", &plan]).expect(1);
    assert!(ran.stdout.contains("alpha/prod: red after its steps: landfall-canary-a: egress: no answer"), "{}", ran.stdout);
    std::fs::write(&file, files).unwrap();
    let plan: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(plan).unwrap()).unwrap();
    plan["digest"].as_str().unwrap()[..12].to_owned()
}

async fn parameter(emulator: &Emulator, id: &str) -> aws_sdk_ssm::types::Parameter {
    let ssm = aws_sdk_ssm::Client::new(&emulator.member(id).await);
    let answer = ssm.get_parameter().name("/landfall-apply/network").send().await.unwrap();
    answer.parameter.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_step_that_broke_it_is_named() {
    let emulator = Emulator::start().await;
    let estate = Generated::with(&["alpha"]);
    emulator.apply(estate.root());
    let prod = account(&emulator, "aws+alpha-prod@acme.example").await;
    let first = parameter(&emulator, &prod).await;
    assert!(first.value().unwrap().len() <= 4096 && first.version() == 1, "{first:?}");

    let plan = applied_with(&emulator, &estate, "modules_in: { prod: { network: { nat: none } } }");
    let seen = emulator.landfall(estate.root(), &["health", "--account", "alpha/prod"]).expect(2).stdout;
    let touched = |what: &str, step: &str| {
        let told = seen.split("; ").find(|part| part.starts_with(what)).unwrap_or_else(|| panic!("no {what} in {seen}"));
        assert!(told.contains(&format!("), last touched by `{step}` of plan {plan} at 20")), "{told}");
    };
    touched("nat-gateway/a is missing", "delete");
    touched("route-table/private-a is different in routes.0.0.0.0/0", "update routes.0.0.0.0/0");

    let json = emulator.landfall(estate.root(), &["health", "--account", "alpha/prod", "--format", "json"]).expect(2).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let elements = json["accounts"]["alpha/prod"]["elements"].as_array().unwrap();
    let gateway = elements.iter().find(|one| one["address"] == "alpha/prod/us-west-2/nat-gateway/b").unwrap();
    assert_eq!((&gateway["touched"]["action"], &gateway["touched"]["plan"]), (&"delete".into(), &plan.as_str().into()));

    emulator.apply(estate.root());
    emulator.converged(estate.root());
    assert_eq!(parameter(&emulator, &prod).await.version(), 3, "one write an apply, and no kind's business");
    let _ = emulator.landfall(estate.root(), &["health"]).expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn from_absent_to_green_to_red_and_why() {
    let emulator = Emulator::start().await;
    let estate = Generated::with(&["alpha"]);
    let health = |more: &[&str], status: i32| {
        let arguments: Vec<&str> = ["health"].iter().chain(more).copied().collect();
        emulator.landfall(estate.root(), &arguments).expect(status).stdout
    };
    assert!(lines(&health(&[], 0)).iter().all(|(_, colour, why)| colour == "absent" && why == "the account does not exist yet"));

    emulator.apply(estate.root());
    emulator.converged(estate.root());
    let green = lines(&health(&[], 0));
    assert_eq!(green.len(), 3);
    assert!(green.iter().all(|(_, colour, why)| colour == "green" && why == "2 canaries"), "{green:?}");

    let prod = account(&emulator, "aws+alpha-prod@acme.example").await;
    without_default_route(&emulator, &prod, "alpha/prod/us-west-2/route-table/private-b").await;
    let stage = account(&emulator, "aws+alpha-stage@acme.example").await;
    let lambda = aws_sdk_lambda::Client::new(&emulator.member(&stage).await);
    lambda.delete_function().function_name("landfall-canary-a").send().await.unwrap();

    let seen = lines(&health(&[], 2));
    let of = |account: &str| seen.iter().find(|line| line.0 == account).unwrap();
    assert_eq!(of("alpha/dev").1, "green");
    let (_, colour, why) = of("alpha/prod");
    assert_eq!(colour, "red");
    assert!(why.starts_with("landfall-canary-b: egress: no answer within 3 s"), "{why}");
    assert!(why.contains("suspected: nat-gateway, route"), "{why}");
    assert!(
        why.contains("; route-table/private-b is different in routes.0.0.0.0/0 (asked by network, modules/network/module.yaml:"),
        "{why}"
    );
    assert!(why.contains("), last touched by `create` of plan "), "by hand, and so by no step: {why}");
    assert!(!why.contains("canary-a"), "the other zone is well: {why}");
    let (_, colour, why) = of("alpha/stage");
    assert_eq!(colour, "red");
    assert!(why.starts_with("landfall-canary-a: silent: the function is not there; lambda-function/landfall-canary-a is missing"), "{why}");

    assert_eq!(lines(&health(&["--account", "alpha/dev"], 0)).len(), 1);
    let json: serde_json::Value = serde_json::from_str(&health(&["--domain", "alpha", "--format", "json"], 2)).unwrap();
    assert_eq!((&json["red"], &json["accounts"]["alpha/dev"]["colour"]), (&2.into(), &"green".into()));
    emulator.landfall(estate.root(), &["health", "--account", "omega/dev"]).expect(1);

    emulator.apply(estate.root());
    health(&[], 0);
}
