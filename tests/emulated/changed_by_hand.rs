//! What people changed by hand in live accounts: the plan shows exactly that, and apply puts it right.

use crate::emulator::Emulator;
use crate::estate::Generated;
use crate::live::{account, inventory, same};
use aws_config::SdkConfig;
use aws_sdk_ec2::types::{Filter, Tag};

const DEV: &str = "aws+shop-dev@acme.example";
const STAGE: &str = "aws+shop-stage@acme.example";
const PROD: &str = "aws+shop-prod@acme.example";

#[tokio::test(flavor = "multi_thread")]
async fn the_plan_shows_exactly_what_was_changed_and_apply_puts_it_right() {
    let emulator = Emulator::start().await;
    let estate = Generated::with(&["shop"]);
    emulator.apply(estate.root());
    let before = inventory(&emulator).await;

    delete_route(&emulator.member(&account(&emulator, DEV).await.id).await).await;
    retag(&emulator.member(&account(&emulator, STAGE).await.id).await).await;
    delete_role(&emulator.member(&account(&emulator, PROD).await.id).await).await;
    move_to_root(&emulator, STAGE).await;
    // What others add is none of our business.
    leave_something(&emulator.member(&account(&emulator, PROD).await.id).await).await;

    let expected = [
        "create shop/prod/global/iam-role/ci-deploy",
        "update shop/dev/us-west-2/route-table/public",
        "update shop/stage/global/account/main",
        "update shop/stage/us-west-2/vpc/main",
    ];
    assert_eq!(emulator.steps(estate.root()), expected);
    emulator.apply(estate.root());
    emulator.converged(estate.root());
    let mut after = inventory(&emulator).await;
    after.get_mut(PROD).unwrap().retain(|line| !line.contains("somebody-else"));
    same(&after, &before, "repair");
}

fn marked(with: &str) -> Filter {
    Filter::builder().name("tag:landfall:address").values(with).build()
}

async fn delete_route(account: &SdkConfig) {
    let ec2 = aws_sdk_ec2::Client::new(account);
    let found = ec2.describe_route_tables().filters(marked("shop/dev/us-west-2/route-table/public")).send().await.unwrap();
    let table = found.route_tables()[0].route_table_id().unwrap();
    ec2.delete_route().route_table_id(table).destination_cidr_block("0.0.0.0/0").send().await.unwrap();
}

async fn retag(account: &SdkConfig) {
    let ec2 = aws_sdk_ec2::Client::new(account);
    let found = ec2.describe_vpcs().filters(marked("shop/stage/us-west-2/vpc/main")).send().await.unwrap();
    let team = Tag::builder().key("team").value("nobody").build();
    ec2.create_tags().resources(found.vpcs()[0].vpc_id().unwrap()).tags(team).send().await.unwrap();
}

pub async fn delete_role(account: &SdkConfig) {
    let iam = aws_sdk_iam::Client::new(account);
    for policy in iam.list_role_policies().role_name("ci-deploy").send().await.unwrap().policy_names {
        iam.delete_role_policy().role_name("ci-deploy").policy_name(policy).send().await.unwrap();
    }
    iam.delete_role().role_name("ci-deploy").send().await.unwrap();
}

async fn move_to_root(emulator: &Emulator, email: &str) {
    let client = aws_sdk_organizations::Client::new(&emulator.management());
    let id = account(emulator, email).await.id;
    let root = client.list_roots().send().await.unwrap().roots.unwrap()[0].id().unwrap().to_owned();
    let from = client.list_parents().child_id(&id).send().await.unwrap().parents.unwrap()[0].id().unwrap().to_owned();
    client.move_account().account_id(&id).source_parent_id(from).destination_parent_id(root).send().await.unwrap();
}

async fn leave_something(account: &SdkConfig) {
    let iam = aws_sdk_iam::Client::new(account);
    iam.create_role().role_name("somebody-else").assume_role_policy_document("{}").send().await.unwrap();
}
