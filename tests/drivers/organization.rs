//! The drivers of the organization: units and accounts.

use crate::bench::{address, changed, connect, made, management, spec};
use crate::moto;
use landfall::aws::Session;
use landfall::kinds::{Spec, account};
use landfall::model::Address;
use serde_json::json;

fn unit(name: &str) -> Address {
    format!("management/global/organizational-unit/{name}").parse().unwrap()
}

fn payments(unit: &str) -> Spec {
    spec(
        "account",
        json!({
            "email": "aws+payments-prod@acme.example",
            "name": "payments-prod",
            "organizational_unit": format!("management:organizational-unit/{unit}"),
            "access_role": "OrganizationAccountAccessRole",
        }),
    )
}

async fn units(at: &Session) {
    made(at, &unit("workloads"), &spec("organizational-unit", json!({}))).await;
    let inside = spec("organizational-unit", json!({ "parent": "organizational-unit/workloads" }));
    made(at, &unit("prod"), &inside).await;
    made(at, &unit("stage"), &inside).await;
}

// One test, because there is one organization.
#[tokio::test]
async fn units_and_accounts() {
    let at = management().await;
    units(&at).await;
    let address = address("global/account/main");
    let id = made(&at, &address, &payments("prod")).await;
    assert_eq!(account::mark(&at, &id).await.unwrap(), Some(address.clone()));
    assert_eq!(changed(&at, &address, &payments("stage")).await, ["organizational_unit"]);

    let by_email = account::find_by_email(&at, "AWS+payments-prod@acme.example").await.unwrap().unwrap();
    assert_eq!((by_email.id, by_email.name), (id.clone(), None));
    let all = Spec::read(&address.kind, &at).await.unwrap();
    assert_eq!(all.len(), 2, "the management account and ours: {all:?}");

    let (connection, _) = connect(false, moto::endpoint()).await;
    let reader = connection.management(&connection.caller().await.unwrap());
    reader.directory().learn(&address, &id);
    assert!(Spec::find(&reader, &address).await.unwrap().is_some(), "finding takes no right to write");
    assert!(Spec::find(&reader, &unit("stage")).await.unwrap().is_some());
    assert_eq!(account::mark(&reader, &id).await.unwrap(), Some(address.clone()));

    payments("stage").delete(&at, &address, &id).await.unwrap();
    assert_eq!(Spec::find(&at, &address).await.unwrap(), None, "a closed account is none to work in");
    payments("stage").delete(&at, &address, &id).await.unwrap();
}
