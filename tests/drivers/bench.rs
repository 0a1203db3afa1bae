//! What each driver is put through: made, found as asked for, changed, removed, and removed again.

use crate::moto;
use landfall::aws::{Access, Call, Connection, Options, Session};
use landfall::kinds::{self, Spec};
use landfall::model::{Address, Change, Effect, Region, RemoteId, Turn};
use std::sync::{Arc, Mutex};

/// The operations that were called, in order.
pub type Calls = Arc<Mutex<Vec<String>>>;

/// The account that tests in the management account call themselves from.
const ACCOUNT: &str = "payments/prod";

/// A way into the emulated AWS, and a record of what goes through.
pub async fn connect(writes: bool, endpoint: &str) -> (Connection, Calls) {
    let calls = Calls::default();
    let record = calls.clone();
    let on_call = Arc::new(move |call: &Call<'_>| record.lock().unwrap().push(call.operation.to_owned()));
    let access = Access { reads: Arc::new(kinds::reads()), inside: Arc::new(kinds::reads_inside()), writes, turn: Turn::default() };
    let region: Region = "us-west-2".parse().unwrap();
    let options = Options { region, role: "OrganizationAccountAccessRole".into(), access, on_call };
    (Connection::emulated(options, endpoint).await, calls)
}

/// A session in a member account of its own.
pub async fn member(id: &str) -> Session {
    let (connection, _) = connect(true, moto::endpoint()).await;
    let caller = connection.caller().await.unwrap();
    connection.member(&caller, &ACCOUNT.parse().unwrap(), &id.into())
}

/// A session in the management account.
pub async fn management() -> Session {
    let (connection, _) = connect(true, moto::endpoint()).await;
    let caller = connection.caller().await.unwrap();
    connection.management(&caller)
}

/// A spec from its fields.
pub fn spec(kind: &str, fields: serde_json::Value) -> Spec {
    (kinds::row(&kind.parse().unwrap()).unwrap().parse)(fields).unwrap()
}

/// The address of a resource of the member account: `us-west-2/vpc/main`.
pub fn address(text: &str) -> Address {
    format!("{ACCOUNT}/{text}").parse().unwrap()
}

/// Makes it and finds it as asked for.
pub async fn made(at: &Session, address: &Address, want: &Spec) -> RemoteId {
    assert_eq!(Spec::find(at, address).await.unwrap(), None, "{address} is there before it is made");
    let id = want.create(at, address).await.unwrap();
    at.directory().learn(address, &id);
    as_asked(at, address, want).await;
    id
}

/// Changes it where it is and finds it as asked for; answers which fields that changed.
pub async fn changed(at: &Session, address: &Address, want: &Spec) -> Vec<String> {
    let seen = Spec::find(at, address).await.unwrap().unwrap();
    let changes = Spec::changes(&seen.spec, want);
    assert!(changes.iter().all(|change| change.effect == Effect::InPlace), "{changes:?}");
    want.update(at, address, &seen.id, &changes).await.unwrap();
    as_asked(at, address, want).await;
    changes.into_iter().map(|change| change.field).collect()
}

/// Points it anew at a need that was replaced under its name.
pub async fn rebound(at: &Session, address: &Address, want: &Spec, need: &str) {
    let seen = Spec::find(at, address).await.unwrap().unwrap();
    assert_eq!(seen.spec.rebind(&need.parse().unwrap()), Effect::InPlace);
    let change = Change::between(format!("needs.{need}"), Some(need.to_owned()), Some(format!("{need} (replaced)")));
    want.update(at, address, &seen.id, &[change]).await.unwrap();
    as_asked(at, address, want).await;
}

/// Removes it, finds it gone, and removes it again.
pub async fn removed(at: &Session, address: &Address) {
    let seen = Spec::find(at, address).await.unwrap().unwrap();
    seen.spec.delete(at, address, &seen.id).await.unwrap();
    assert_eq!(Spec::find(at, address).await.unwrap(), None, "{address} is there after it was removed");
    seen.spec.delete(at, address, &seen.id).await.unwrap();
    at.directory().forget(address);
}

/// Finds it as asked for.
pub async fn as_asked(at: &Session, address: &Address, want: &Spec) {
    let seen = Spec::find(at, address).await.unwrap().unwrap_or_else(|| panic!("{address} is not there"));
    assert_eq!(seen.name.as_ref(), Some(&address.name));
    assert_eq!(Spec::changes(&seen.spec, want), [], "{address}");
    assert_eq!(at.directory().id(address), Some(seen.id));
}
