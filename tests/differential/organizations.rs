//! AWS Organizations: units, accounts, tags, and the policies over them.

use super::side::Side;
use aws_sdk_organizations::Client;
use aws_sdk_organizations::types::{CreateAccountState, PolicyType, Tag};

const CONTROL: PolicyType = PolicyType::ServiceControlPolicy;
const NOBODY: &str = "999999999999";
const DENY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"organizations:LeaveOrganization","Resource":"*"}]}"#;

pub async fn story(side: &mut Side) {
    let aws = Client::new(&side.management);
    let root = root(side, &aws).await;
    let [unit, other] = units(side, &aws, &root).await;
    let account = accounts(side, &aws, &root, &unit).await;
    refusals(side, &aws, &account, [&unit, &other]).await;
    policies(side, &aws, &unit).await;
    closing(side, &aws, &account).await;
}

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build().unwrap()
}

async fn root(side: &mut Side, aws: &Client) -> String {
    side.told("organizations:DescribeOrganization", aws.describe_organization().send().await);
    side.differs("organizations:ListRoots", "service control policies are on here from the start; moto attaches them nevertheless");
    let roots = side.told("organizations:ListRoots", aws.list_roots().send().await).unwrap();
    roots.roots()[0].id().unwrap().to_owned()
}

async fn units(side: &mut Side, aws: &Client, root: &str) -> [String; 2] {
    let make = |parent: &str, name: &str| aws.create_organizational_unit().parent_id(parent).name(name).tags(tag("team", "x")).send();
    let top = side.told("organizations:CreateOrganizationalUnit", make(root, "story").await);
    let top = top.unwrap().organizational_unit.unwrap().id.unwrap();
    let mut ids = Vec::new();
    for name in ["prod", "stage"] {
        let made = side.told("organizations:CreateOrganizationalUnit", make(&top, name).await);
        ids.push(made.unwrap().organizational_unit.unwrap().id.unwrap());
    }
    side.told("organizations:ListOrganizationalUnitsForParent", aws.list_organizational_units_for_parent().parent_id(&top).send().await);
    side.told("organizations:ListParents", aws.list_parents().child_id(&ids[0]).send().await);
    side.told("organizations:ListParents", aws.list_parents().child_id(&top).send().await);
    let call = aws.update_organizational_unit().organizational_unit_id(&ids[1]);
    side.told("organizations:UpdateOrganizationalUnit", call.name("staging").send().await);
    let call = aws.describe_organizational_unit().organizational_unit_id(&ids[1]);
    side.told("organizations:DescribeOrganizationalUnit", call.send().await);
    let gone = side.told("organizations:CreateOrganizationalUnit", make(&top, "gone").await);
    let gone = gone.unwrap().organizational_unit.unwrap().id.unwrap();
    for _ in 0..2 {
        let call = aws.delete_organizational_unit().organizational_unit_id(&gone);
        side.told("organizations:DeleteOrganizationalUnit", call.send().await);
    }
    ids.try_into().unwrap()
}

async fn accounts(side: &mut Side, aws: &Client, root: &str, unit: &str) -> String {
    let call =
        aws.create_account().email("story@acme.example").account_name("story").role_name("Entrance").tags(tag("landfall:address", "x"));
    side.differs("organizations:CreateAccount", "moto has the account at once");
    let asked = side.told("organizations:CreateAccount", call.send().await).unwrap();
    let request = asked.create_account_status.unwrap().id.unwrap();
    side.rest().await;
    let call = aws.describe_create_account_status().create_account_request_id(&request);
    let made = side.told("organizations:DescribeCreateAccountStatus", call.send().await).unwrap();
    let account = made.create_account_status.unwrap().account_id.unwrap();
    let call = aws.list_create_account_status().states(CreateAccountState::InProgress);
    side.told("organizations:ListCreateAccountStatus", call.send().await);
    side.told("organizations:DescribeAccount", aws.describe_account().account_id(&account).send().await);
    side.told("organizations:ListParents", aws.list_parents().child_id(&account).send().await);
    let call = aws.move_account().account_id(&account).source_parent_id(root).destination_parent_id(unit);
    side.told("organizations:MoveAccount", call.send().await);
    side.told("organizations:ListAccountsForParent", aws.list_accounts_for_parent().parent_id(unit).send().await);
    side.told("organizations:ListParents", aws.list_parents().child_id(&account).send().await);
    side.differs("organizations:ListAccounts", "the management accounts have other names");
    side.told("organizations:ListAccounts", aws.list_accounts().send().await);
    renamed(side, aws, &account).await;
    tags(side, aws, &account).await;
    account
}

async fn renamed(side: &mut Side, aws: &Client, account: &str) {
    let call = aws_sdk_account::Client::new(&side.management).put_account_name().account_id(account).account_name("story two");
    side.told("account:PutAccountName", call.send().await);
    side.told("organizations:DescribeAccount", aws.describe_account().account_id(account).send().await);
}

async fn tags(side: &mut Side, aws: &Client, account: &str) {
    let call = aws.tag_resource().resource_id(account).tags(tag("team", "a")).tags(tag("more", "b"));
    side.told("organizations:TagResource", call.send().await);
    side.told("organizations:UntagResource", aws.untag_resource().resource_id(account).tag_keys("more").send().await);
    side.told("organizations:ListTagsForResource", aws.list_tags_for_resource().resource_id(account).send().await);
}

async fn refusals(side: &mut Side, aws: &Client, account: &str, [unit, other]: [&str; 2]) {
    let lost = "ou-root-99999999";
    side.told("organizations:DescribeAccount", aws.describe_account().account_id(NOBODY).send().await);
    side.told("organizations:ListAccountsForParent", aws.list_accounts_for_parent().parent_id(lost).send().await);
    let call = aws.list_organizational_units_for_parent().parent_id(lost);
    side.told("organizations:ListOrganizationalUnitsForParent", call.send().await);
    side.told("organizations:ListTagsForResource", aws.list_tags_for_resource().resource_id(NOBODY).send().await);
    side.told("organizations:CloseAccount", aws.close_account().account_id(NOBODY).send().await);
    side.told("organizations:DescribePolicy", aws.describe_policy().policy_id("p-99999999").send().await);

    side.differs("organizations:ListParents", "moto takes what no account is for another fault than AWS does");
    side.told("organizations:ListParents", aws.list_parents().child_id(NOBODY).send().await);
    side.differs("organizations:DescribeCreateAccountStatus", "moto has no fault of its own for requests");
    let call = aws.describe_create_account_status().create_account_request_id("car-99999999");
    side.told("organizations:DescribeCreateAccountStatus", call.send().await);
    side.differs("organizations:MoveAccount", "moto moves an account from where it is not");
    let call = aws.move_account().account_id(account).source_parent_id(other).destination_parent_id(unit);
    side.told("organizations:MoveAccount", call.send().await);
    side.differs("organizations:MoveAccount", "moto has one fault for all parents");
    let call = aws.move_account().account_id(account).source_parent_id(unit).destination_parent_id(lost);
    side.told("organizations:MoveAccount", call.send().await);
}

async fn policies(side: &mut Side, aws: &Client, unit: &str) {
    let make =
        || aws.create_policy().r#type(CONTROL).name("story").description("nobody leaves").content(DENY).tags(tag("team", "x")).send();
    let made = side.told("organizations:CreatePolicy", make().await).unwrap();
    let id = made.policy.unwrap().policy_summary.unwrap().id.unwrap();
    side.told("organizations:CreatePolicy", make().await);
    side.told("organizations:ListTagsForResource", aws.list_tags_for_resource().resource_id(&id).send().await);
    side.differs("organizations:ListPolicies", "moto takes AWS's own policy for the organization's");
    side.told("organizations:ListPolicies", aws.list_policies().filter(CONTROL).send().await);
    let call = aws.update_policy().policy_id(&id).description("nobody").content(DENY.replace("Leave", "*"));
    side.told("organizations:UpdatePolicy", call.send().await);
    side.told("organizations:DescribePolicy", aws.describe_policy().policy_id(&id).send().await);
    side.told("organizations:AttachPolicy", aws.attach_policy().policy_id(&id).target_id(unit).send().await);
    side.differs("organizations:AttachPolicy", "moto does not mind a policy that is attached already");
    side.told("organizations:AttachPolicy", aws.attach_policy().policy_id(&id).target_id(unit).send().await);
    side.told("organizations:ListTargetsForPolicy", aws.list_targets_for_policy().policy_id(&id).send().await);
    let call = aws.list_policies_for_target().target_id(unit).filter(CONTROL);
    side.differs("organizations:ListPoliciesForTarget", "moto takes AWS's own policy for the organization's");
    side.told("organizations:ListPoliciesForTarget", call.send().await);
    side.told("organizations:DeletePolicy", aws.delete_policy().policy_id(&id).send().await);
    side.told("organizations:DetachPolicy", aws.detach_policy().policy_id(&id).target_id(unit).send().await);
    side.differs("organizations:DetachPolicy", "moto does not mind a policy that is not attached");
    side.told("organizations:DetachPolicy", aws.detach_policy().policy_id(&id).target_id(unit).send().await);
    side.told("organizations:ListTargetsForPolicy", aws.list_targets_for_policy().policy_id(&id).send().await);
    for _ in 0..2 {
        side.told("organizations:DeletePolicy", aws.delete_policy().policy_id(&id).send().await);
    }
}

async fn closing(side: &mut Side, aws: &Client, account: &str) {
    side.told("organizations:CloseAccount", aws.close_account().account_id(account).send().await);
    side.told("organizations:CloseAccount", aws.close_account().account_id(account).send().await);
    side.rest().await;
    side.differs("organizations:DescribeAccount", "a closed account's State is CLOSED; moto calls it as its Status");
    side.told("organizations:DescribeAccount", aws.describe_account().account_id(account).send().await);
}
