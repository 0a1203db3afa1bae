//! The drivers of who may enter: permission sets, groups and their members, and assignments.

use crate::bench::{as_asked, changed};
use crate::bench::{connect, made, management, removed, spec};
use crate::moto;
use landfall::aws::Session;
use landfall::kinds::{Seen, Spec};
use landfall::model::{Account, Address, Effect};
use serde_json::json;

fn of_organization(text: &str) -> Address {
    format!("management/global/{text}").parse().unwrap()
}

fn set(fields: serde_json::Value) -> Spec {
    let mut whole = json!({ "description": "Builds", "session_duration": "PT8H" });
    whole.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    spec("permission-set", whole)
}

async fn sets(at: &Session) {
    let developer = of_organization("permission-set/developer");
    let inline = |action: &str| json!({ "Statement": { "Effect": "Deny", "Action": action, "Resource": "*" } });
    let policies = |names: &[&str]| names.iter().map(|name| format!("arn:${{partition}}:iam::aws:policy/{name}")).collect::<Vec<_>>();
    let first = json!({ "managed_policies": policies(&["PowerUserAccess", "ReadOnlyAccess"]), "inline_policy": inline("iam:*") });
    made(at, &developer, &set(first)).await;
    let second = set(json!({
        "description": "Builds and tries",
        "session_duration": "PT1H30M",
        "managed_policies": policies(&["ReadOnlyAccess", "AmazonS3FullAccess"]),
        "inline_policy": inline("sso:*"),
    }));
    assert_eq!(changed(at, &developer, &second).await, ["description", "session_duration", "managed_policies", "inline_policy"]);
    assert_eq!(changed(at, &developer, &set(json!({}))).await.len(), 4, "nothing attached is nothing allowed");
}

async fn person(at: &Session, store: &str, email: &str) {
    let emails = aws_sdk_identitystore::types::Email::builder().value(email).primary(true).build();
    let name = aws_sdk_identitystore::types::Name::builder().given_name("Jane").family_name("Doe").build();
    let call = at.identitystore().create_user().identity_store_id(store).user_name(email).display_name(email);
    call.name(name).emails(emails).send().await.unwrap();
}

async fn groups(at: &Session) {
    let team = of_organization("access-group/catalog-developers");
    made(at, &team, &spec("access-group", json!({ "description": "Developers of catalog" }))).await;
    let store = at.ssoadmin().list_instances().send().await.unwrap().instances()[0].identity_store_id().unwrap().to_owned();
    person(at, &store, "jane@agency.example").await;

    let jane = of_organization("access-group/contractor-jane");
    let members = |emails: &[&str]| spec("access-group", json!({ "members": emails }));
    made(at, &jane, &members(&["Jane@agency.example"])).await;
    let seen = Spec::find(at, &jane).await.unwrap().unwrap();
    let changes = Spec::changes(&seen.spec, &members(&["jane@agency.example", "joe@agency.example"]));
    assert_eq!(changes.iter().map(|change| change.effect).collect::<Vec<_>>(), [Effect::ByHand], "nobody makes Joe a person");
    person(at, &store, "joe@agency.example").await;
    assert_eq!(changed(at, &jane, &members(&["joe@agency.example"])).await.len(), 2, "one joins, one leaves");
    let refused = seen.spec.delete(at, &jane, &seen.id).await.unwrap_err();
    assert!(refused.message.contains("not deleted by a plan"), "{refused}");
}

async fn assignments(at: &Session) {
    let account: Account = "payments/prod".parse().unwrap();
    let there = at.managing(&account, &"200000000001".into());
    let address: Address = "payments/prod/global/access-assignment/developer/catalog-developers".parse().unwrap();
    let want = spec(
        "access-assignment",
        json!({ "permission_set": "management:permission-set/developer", "group": "management:access-group/catalog-developers" }),
    );
    made(&there, &address, &want).await;

    // A set that has been given away is changed in the accounts too, and can't be deleted.
    let developer = of_organization("permission-set/developer");
    assert_eq!(changed(at, &developer, &set(json!({ "description": "Builds" , "session_duration": "PT2H" }))).await, ["session_duration"]);
    let seen = Spec::find(at, &developer).await.unwrap().unwrap();
    let refused = seen.spec.delete(at, &developer, &seen.id).await.unwrap_err();
    assert!(refused.is(landfall::aws::Fault::Busy), "{refused}");
    a_killed_change(at, &developer, &seen).await;

    let elsewhere = at.managing(&"payments/stage".parse().unwrap(), &"200000000002".into());
    assert_eq!(Spec::read(&address.kind, &elsewhere).await.unwrap(), []);
    removed(&there, &address).await;
    removed(at, &developer).await;
}

/// What a run leaves behind that is killed between changing a set and bringing it to the accounts.
async fn a_killed_change(at: &Session, address: &Address, seen: &Seen<Spec>) {
    let instance = at.ssoadmin().list_instances().send().await.unwrap().instances()[0].instance_arn().unwrap().to_owned();
    let call = at.ssoadmin().update_permission_set().instance_arn(instance).permission_set_arn(seen.id.as_str());
    call.description("Builds").session_duration("PT3H").send().await.unwrap();
    let want = set(json!({ "session_duration": "PT3H" }));
    assert_eq!(changed(at, address, &want).await, ["provisioned"]);
    as_asked(at, address, &want).await;
}

// One test, because there is one Identity Center.
#[tokio::test]
async fn sets_groups_and_assignments() {
    let at = management().await;
    sets(&at).await;
    groups(&at).await;
    let (connection, _) = connect(false, moto::endpoint()).await;
    let reader = connection.management(&connection.caller().await.unwrap());
    for address in ["permission-set/developer", "access-group/contractor-jane"] {
        assert!(Spec::find(&reader, &of_organization(address)).await.unwrap().is_some(), "finding takes no right to write");
    }
    assignments(&at).await;
}
