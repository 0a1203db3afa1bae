//! AWS IAM: who there is in an account, what they may do, and how they prove who they are.

use super::side::Side;
use aws_sdk_iam::Client;
use aws_sdk_iam::types::{EntityType, Tag};

const MAY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}"#;
const TRUST: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}}]}"#;
const READ_ONLY: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";
const HOST: &str = "token.actions.githubusercontent.com";

pub async fn story(side: &mut Side) {
    let iam = Client::new(&side.member);
    let boundary = policies(side, &iam).await;
    roles(side, &iam, &boundary).await;
    users(side, &iam, &boundary).await;
    everybody(side, &iam).await;
    farewell(side, &iam, &boundary).await;
    providers(side, &iam).await;
    settings(side, &iam).await;
}

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build().unwrap()
}

async fn policies(side: &mut Side, iam: &Client) -> String {
    let make = || iam.create_policy().path("/landfall/").policy_name("most").policy_document(MAY).description("the most");
    let made = side.told("iam:CreatePolicy", make().tags(tag("team", "x")).send().await).unwrap();
    let arn = made.policy.unwrap().arn.unwrap();
    side.told("iam:CreatePolicy", make().send().await);
    side.told("iam:CreatePolicy", iam.create_policy().policy_name("none").policy_document("{").send().await);
    let version = || iam.create_policy_version().policy_arn(&arn).policy_document(MAY.replace("s3", "ec2")).set_as_default(true).send();
    for _ in 0..5 {
        side.told("iam:CreatePolicyVersion", version().await);
    }
    side.told("iam:ListPolicyVersions", iam.list_policy_versions().policy_arn(&arn).send().await);
    for id in ["v1", "v1", "v5"] {
        let call = iam.delete_policy_version().policy_arn(&arn).version_id(id);
        side.told("iam:DeletePolicyVersion", call.send().await);
    }
    side.told("iam:TagPolicy", iam.tag_policy().policy_arn(&arn).tags(tag("team", "y")).tags(tag("z", "z")).send().await);
    side.told("iam:ListPolicyTags", iam.list_policy_tags().policy_arn(&arn).send().await);
    let none = format!("{arn}-none");
    side.told("iam:ListPolicyTags", iam.list_policy_tags().policy_arn(&none).send().await);
    side.told("iam:ListPolicyVersions", iam.list_policy_versions().policy_arn(&none).send().await);
    side.told("iam:CreatePolicyVersion", iam.create_policy_version().policy_arn(&none).policy_document(MAY).send().await);
    arn
}

async fn roles(side: &mut Side, iam: &Client, boundary: &str) {
    let make = || iam.create_role().role_name("deploy").description("deploys").assume_role_policy_document(TRUST);
    side.told("iam:CreateRole", make().permissions_boundary(boundary).tags(tag("team", "x")).send().await);
    side.told("iam:CreateRole", make().send().await);
    let name = "deploy";
    let trust = TRUST.replace("lambda", "events");
    side.told("iam:UpdateAssumeRolePolicy", iam.update_assume_role_policy().role_name(name).policy_document(trust).send().await);
    side.told("iam:TagRole", iam.tag_role().role_name(name).tags(tag("team", "y")).send().await);
    for policy in ["one", "two"] {
        let call = iam.put_role_policy().role_name(name).policy_name(policy).policy_document(MAY);
        side.told("iam:PutRolePolicy", call.send().await);
    }
    side.told("iam:PutRolePolicy", iam.put_role_policy().role_name(name).policy_name("none").policy_document("{").send().await);
    for _ in 0..2 {
        side.told("iam:DeleteRolePolicy", iam.delete_role_policy().role_name(name).policy_name("two").send().await);
    }
    side.told("iam:AttachRolePolicy", iam.attach_role_policy().role_name(name).policy_arn(READ_ONLY).send().await);
    side.told("iam:AttachRolePolicy", iam.attach_role_policy().role_name(name).policy_arn(format!("{boundary}-none")).send().await);
    side.differs("iam:GetAccountAuthorizationDetails", "moto does not encode whom a role trusts, as AWS does");
    let call = iam.get_account_authorization_details().filter(EntityType::Role);
    side.told("iam:GetAccountAuthorizationDetails", call.send().await);
    side.told("iam:DeleteRole", iam.delete_role().role_name(name).send().await);
    side.told("iam:DeleteRolePermissionsBoundary", iam.delete_role_permissions_boundary().role_name(name).send().await);
    let call = iam.put_role_permissions_boundary().role_name(name).permissions_boundary(boundary);
    side.told("iam:PutRolePermissionsBoundary", call.send().await);
    lost_role(side, iam).await;
    let call = iam.create_service_linked_role().aws_service_name("ssm-incidents.amazonaws.com");
    side.differs("iam:CreateServiceLinkedRole", "moto knows no name for it, and names it after the service");
    side.told("iam:CreateServiceLinkedRole", call.send().await);
}

async fn lost_role(side: &mut Side, iam: &Client) {
    let name = "nobody";
    side.told("iam:DeleteRole", iam.delete_role().role_name(name).send().await);
    side.told("iam:PutRolePolicy", iam.put_role_policy().role_name(name).policy_name("x").policy_document(MAY).send().await);
    side.told("iam:AttachRolePolicy", iam.attach_role_policy().role_name(name).policy_arn(READ_ONLY).send().await);
    side.told("iam:DetachRolePolicy", iam.detach_role_policy().role_name(name).policy_arn(READ_ONLY).send().await);
    side.told("iam:UpdateAssumeRolePolicy", iam.update_assume_role_policy().role_name(name).policy_document(TRUST).send().await);
    side.told("iam:TagRole", iam.tag_role().role_name(name).tags(tag("team", "y")).send().await);
}

async fn users(side: &mut Side, iam: &Client, boundary: &str) {
    let name = "ci";
    let make = || iam.create_user().user_name(name).permissions_boundary(boundary).tags(tag("team", "x")).send();
    side.told("iam:CreateUser", make().await);
    side.told("iam:CreateUser", make().await);
    side.told("iam:TagUser", iam.tag_user().user_name(name).tags(tag("team", "y")).send().await);
    side.told("iam:PutUserPolicy", iam.put_user_policy().user_name(name).policy_name("one").policy_document(MAY).send().await);
    let call = iam.put_user_permissions_boundary().user_name(name).permissions_boundary(boundary);
    side.told("iam:PutUserPermissionsBoundary", call.send().await);
    let call = iam.put_user_permissions_boundary().user_name(name).permissions_boundary(format!("{boundary}-none"));
    side.told("iam:PutUserPermissionsBoundary", call.send().await);
    keys(side, iam, name).await;
    side.told("iam:DeleteUser", iam.delete_user().user_name(name).send().await);
    side.told("iam:DeleteUser", iam.delete_user().user_name("nobody").send().await);
    side.told("iam:ListAccessKeys", iam.list_access_keys().user_name("nobody").send().await);
}

async fn keys(side: &mut Side, iam: &Client, user: &str) {
    let mut ids = Vec::new();
    for _ in 0..2 {
        let made = side.told("iam:CreateAccessKey", iam.create_access_key().user_name(user).send().await).unwrap();
        ids.push(made.access_key.unwrap().access_key_id);
    }
    side.told("iam:CreateAccessKey", iam.create_access_key().user_name(user).send().await);
    side.told("iam:CreateAccessKey", iam.create_access_key().user_name("nobody").send().await);
    side.told("iam:ListAccessKeys", iam.list_access_keys().user_name(user).send().await);
    side.told("iam:GetAccessKeyLastUsed", iam.get_access_key_last_used().access_key_id(&ids[0]).send().await);
    for _ in 0..2 {
        side.told("iam:DeleteAccessKey", iam.delete_access_key().user_name(user).access_key_id(&ids[0]).send().await);
    }
    side.told("iam:ListAccessKeys", iam.list_access_keys().user_name(user).send().await);
    side.told("iam:DeleteAccessKey", iam.delete_access_key().user_name(user).access_key_id(&ids[1]).send().await);
}

async fn everybody(side: &mut Side, iam: &Client) {
    let list = |kind: EntityType| iam.get_account_authorization_details().filter(kind).send();
    side.told("iam:GetAccountAuthorizationDetails", list(EntityType::User).await);
    side.told("iam:GetAccountAuthorizationDetails", list(EntityType::Group).await);
    side.differs("iam:GetAccountAuthorizationDetails", "moto tells neither what policies are called nor whom they bound");
    side.told("iam:GetAccountAuthorizationDetails", list(EntityType::LocalManagedPolicy).await);
}

async fn farewell(side: &mut Side, iam: &Client, policy: &str) {
    side.told("iam:DeleteUserPolicy", iam.delete_user_policy().user_name("ci").policy_name("one").send().await);
    side.told("iam:DeleteUser", iam.delete_user().user_name("ci").send().await);
    side.told("iam:DeleteRolePolicy", iam.delete_role_policy().role_name("deploy").policy_name("one").send().await);
    for _ in 0..2 {
        side.told("iam:DetachRolePolicy", iam.detach_role_policy().role_name("deploy").policy_arn(READ_ONLY).send().await);
    }
    side.told("iam:DeleteRole", iam.delete_role().role_name("deploy").send().await);
    for id in ["v2", "v3", "v4"] {
        side.told("iam:DeletePolicyVersion", iam.delete_policy_version().policy_arn(policy).version_id(id).send().await);
    }
    for _ in 0..2 {
        side.told("iam:DeletePolicy", iam.delete_policy().policy_arn(policy).send().await);
    }
}

async fn providers(side: &mut Side, iam: &Client) {
    let make = || iam.create_open_id_connect_provider().url(format!("https://{HOST}")).client_id_list("sts.amazonaws.com");
    side.differs("iam:CreateOpenIDConnectProvider", "moto does not say again which tags it was given");
    let made = side.told("iam:CreateOpenIDConnectProvider", make().tags(tag("team", "x")).send().await).unwrap();
    let arn = made.open_id_connect_provider_arn.unwrap();
    side.told("iam:CreateOpenIDConnectProvider", make().send().await);
    for client in ["acme", "acme", "corp"] {
        let call = iam.add_client_id_to_open_id_connect_provider().open_id_connect_provider_arn(&arn).client_id(client);
        side.told("iam:AddClientIDToOpenIDConnectProvider", call.send().await);
    }
    for _ in 0..2 {
        let call = iam.remove_client_id_from_open_id_connect_provider().open_id_connect_provider_arn(&arn).client_id("acme");
        side.told("iam:RemoveClientIDFromOpenIDConnectProvider", call.send().await);
    }
    let call = iam.tag_open_id_connect_provider().open_id_connect_provider_arn(&arn).tags(tag("team", "y"));
    side.told("iam:TagOpenIDConnectProvider", call.send().await);
    let get = || iam.get_open_id_connect_provider().open_id_connect_provider_arn(&arn).send();
    side.told("iam:GetOpenIDConnectProvider", get().await);
    side.told("iam:ListOpenIDConnectProviders", iam.list_open_id_connect_providers().send().await);
    for _ in 0..2 {
        let call = iam.delete_open_id_connect_provider().open_id_connect_provider_arn(&arn);
        side.told("iam:DeleteOpenIDConnectProvider", call.send().await);
    }
    side.told("iam:GetOpenIDConnectProvider", get().await);
    let call = iam.add_client_id_to_open_id_connect_provider().open_id_connect_provider_arn(&arn).client_id("acme");
    side.told("iam:AddClientIDToOpenIDConnectProvider", call.send().await);
}

async fn settings(side: &mut Side, iam: &Client) {
    side.told("iam:ListAccountAliases", iam.list_account_aliases().send().await);
    for alias in ["acme-story", "acme-story-two"] {
        side.told("iam:CreateAccountAlias", iam.create_account_alias().account_alias(alias).send().await);
    }
    side.told("iam:ListAccountAliases", iam.list_account_aliases().send().await);
    let get = || iam.get_account_password_policy().send();
    side.told("iam:GetAccountPasswordPolicy", get().await);
    let all = iam.update_account_password_policy().minimum_password_length(14).require_symbols(true).require_numbers(true);
    let all = all.max_password_age(90).password_reuse_prevention(24).hard_expiry(true).allow_users_to_change_password(true);
    side.told("iam:UpdateAccountPasswordPolicy", all.send().await);
    side.told("iam:GetAccountPasswordPolicy", get().await);
    side.differs("iam:UpdateAccountPasswordPolicy", "moto takes passwords of five characters");
    side.told("iam:UpdateAccountPasswordPolicy", iam.update_account_password_policy().minimum_password_length(5).send().await);
    side.told("iam:UpdateAccountPasswordPolicy", iam.update_account_password_policy().minimum_password_length(8).send().await);
    side.told("iam:GetAccountPasswordPolicy", get().await);
}
