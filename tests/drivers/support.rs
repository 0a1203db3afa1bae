//! The driver of support plans: what the severity levels reveal, one case for many accounts, and never a second one.

use crate::bench::{connect, spec};
use crate::moto;
use landfall::aws::{Connection, Session};
use landfall::kinds::Spec;
use landfall::model::{Address, Change, Effect};
use serde_json::json;
use std::sync::Arc;

async fn connection(writes: bool) -> (Arc<Connection>, crate::bench::Calls) {
    let (connection, calls) = connect(writes, moto::endpoint()).await;
    (Arc::new(connection), calls)
}

/// Sessions that manage accounts from one and the same session of the management account.
async fn managing(connection: &Connection, accounts: &[(&str, &str)]) -> Vec<Session> {
    let caller = connection.caller().await.unwrap();
    let management = connection.management(&caller);
    let managing = |(account, id): &(&str, &str)| {
        let account = account.parse().unwrap();
        let inside = connection.member(&caller, &account, &(*id).into());
        let names = [((account.clone(), "support-plan".parse().unwrap()), ["main".parse().unwrap()].into())];
        management.managing(&account, &(*id).into()).with_inside(Arc::new(inside)).declaring(Arc::new(names.into()))
    };
    accounts.iter().map(managing).collect()
}

fn plan(tier: &str) -> Spec {
    spec("support-plan", json!({ "tier": tier }))
}

fn address(at: &Session) -> Address {
    format!("{}/global/support-plan/main", at.account()).parse().unwrap()
}

async fn changes(at: &Session, tier: &str) -> Vec<Change> {
    let all = Spec::read(&"support-plan".parse().unwrap(), at).await.unwrap();
    let [seen] = &all[..] else { panic!("one plan an account: {all:?}") };
    assert_eq!(seen.name, Some("main".parse().unwrap()));
    Spec::changes(&seen.spec, &plan(tier))
}

async fn ask(at: &Session, tier: &str) {
    let changes = changes(at, tier).await;
    plan(tier).update(at, &address(at), at.account_id(), &changes).await.unwrap();
}

/// Our cases, open or not, by id.
async fn cases(at: &Session) -> Vec<String> {
    let support = at.elsewhere(&"us-east-1".parse().unwrap());
    let answer = support.support().describe_cases().include_resolved_cases(true).send().await.unwrap();
    answer.cases().iter().filter_map(|case| case.case_id().map(str::to_owned)).collect()
}

// One test, because cases are the management account's.
#[tokio::test]
async fn one_case_for_many_accounts_and_pending_until_it_is_answered() {
    let accounts = [("payments/prod", "555555555501"), ("catalog/prod", "555555555502"), ("search/prod", "555555555503")];
    let (writer, calls) = connection(true).await;
    let sessions = managing(&writer, &accounts).await;
    let fresh = changes(&sessions[0], "business").await;
    assert_eq!((fresh[0].effect, fresh[0].before.as_deref()), (Effect::InPlace, Some("basic")));

    // Side by side, as an apply does; the first again, as after a lost answer.
    futures::future::join_all(sessions.iter().map(|at| ask(at, "business"))).await;
    ask(&sessions[0], "business").await;
    let open = cases(&sessions[0]).await;
    assert_eq!(open.len(), 1, "{open:?}");
    let made = |operation: &str| calls.lock().unwrap().iter().filter(|call| *call == operation).count();
    assert_eq!((made("support:CreateCase"), made("support:AddCommunicationToCase")), (1, 2));

    // Another run finds the case and asks nothing, whether it may write or not.
    let (reader, reads) = connection(false).await;
    for at in managing(&reader, &accounts).await {
        let pending = changes(&at, "business").await;
        assert_eq!(pending.iter().map(|change| change.effect).collect::<Vec<_>>(), [Effect::Awaited], "{pending:?}");
    }
    let listings = reads.lock().unwrap().iter().filter(|call| *call == "support:DescribeCases").count();
    assert_eq!(listings, 2, "cases are listed once for all accounts: the open ones, and the resolved");
    let (later, calls) = connection(true).await;
    let again = managing(&later, &accounts[..1]).await;
    ask(&again[0], "business").await;
    assert!(!calls.lock().unwrap().iter().any(|call| call == "support:CreateCase" || call == "support:AddCommunicationToCase"));

    // AWS answers.
    let support = sessions[0].elsewhere(&"us-east-1".parse().unwrap());
    support.support().resolve_case().case_id(&open[0]).send().await.unwrap();
    assert_eq!(changes(&again[0], "business").await, []);
    // What is asked for later goes into a new case.
    ask(&again[0], "enterprise").await;
    assert_eq!(cases(&again[0]).await.len(), 2);
    assert_eq!(changes(&again[0], "enterprise").await[0].effect, Effect::Awaited);
}
