//! Asks the canaries of all accounts how they are, and looks in the accounts that are not well for what is not as declared. Changes
//! nothing: a canary that is asked looks once more than it would have.

use super::read::{ACCOUNTS_AT_ONCE, Selection, merge, names, read_account};
use super::sessions::Entrance;
use super::{organization, record};
use crate::aws::{CallError, Fault, Names, Session};
use crate::kinds::{self, Kind, LambdaFunction, TABLE, Vpc};
use crate::model::{Account, Address, Element, ElementState, Health, Healths, KindName, Record, RemoteId, Touch, Word};
use crate::plan::{Action, Desired, Live, Step, is_canary, plan};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// The one operation beyond reading that asking takes.
pub const ASKING: &str = kinds::policy::ASK;
/// A canary ends after 20 s (modules/canary/module.yaml); the rest is the way there and a cold start.
const DEADLINE: Duration = Duration::from_secs(30);

/// The accounts that are not well, by their ids.
type Ids = BTreeMap<Account, RemoteId>;
/// Each account's record of who touched what last; why there is none to go by, where there is none.
type Records = BTreeMap<Account, Result<Record, String>>;

/// How the selected accounts are.
///
/// # Errors
/// The organization can't be read, and so it is not known which accounts there are.
pub async fn health(entrance: &Entrance, desired: &Desired, selection: &Selection) -> Result<Healths, CallError> {
    let desired = narrowed(desired, selection);
    let names = Arc::new(names(&desired));
    let (live, ids) = organization::read(&entrance.management.declaring(names.clone()), &desired).await;
    if let Some(why) = live.unreadable.get(&Account::Management).and_then(|kinds| kinds.get(&kinds::Account::NAME)) {
        return Err(CallError::refused("organizations:ListAccountsForParent", why.clone()));
    }
    let mut healths = ask_all(entrance, &desired, selection, &ids).await;
    let red: Ids = ids.into_iter().filter(|(account, _)| healths.get(account).is_some_and(Health::is_red)).collect();
    if !red.is_empty() {
        let (live, records) = look(entrance, &names, &desired.kinds, red.clone(), live).await;
        explain(&mut healths, &desired, (&live, &records), red.keys());
    }
    Ok(healths)
}

/// The files' word on the network and the canaries of the selected accounts: what a diagnosis can be made of.
fn narrowed(desired: &Desired, selection: &Selection) -> Desired {
    let kinds: BTreeSet<KindName> = elements().into_iter().filter(|kind| desired.kinds.contains(kind)).collect();
    let holds = |at: &Address| kinds.contains(&at.kind) && (at.account == Account::Management || selection.holds(&at.account));
    let resources = desired.resources.iter().filter(|(at, _)| holds(at)).map(|(at, declared)| (at.clone(), declared.clone()));
    Desired { estate: desired.estate.clone(), resources: resources.collect(), kinds }
}

/// The kinds that a canary's verdict is about: whatever is in a network, calls the canaries, or is needed by any of these.
fn elements() -> BTreeSet<KindName> {
    let mut all = BTreeSet::from([Vpc::NAME, LambdaFunction::NAME, kinds::EventRule::NAME]);
    // The table has each kind below those that it refers to, so once down and once up reaches all.
    for row in TABLE.iter().filter(|row| row.scope == kinds::Scope::Regional) {
        if row.refers.contains(&Vpc::NAME) || row.refers.contains(&kinds::Subnet::NAME) {
            all.insert(row.kind.clone());
        }
    }
    for row in TABLE.iter().rev() {
        if all.contains(&row.kind) {
            all.extend(row.refers.iter().cloned());
        }
    }
    all
}

async fn ask_all(entrance: &Entrance, desired: &Desired, selection: &Selection, ids: &Ids) -> Healths {
    let (mut healths, mut tasks) = (Healths::new(), JoinSet::new());
    let places = Arc::new(Semaphore::new(ACCOUNTS_AT_ONCE));
    for account in desired.estate.members.keys().filter(|account| selection.holds(account)).cloned() {
        let canaries = canaries(desired, &account);
        let Some(id) = ids.get(&account) else {
            healths.insert(account, Health::without(crate::model::Colour::Absent));
            continue;
        };
        let session = entrance.connection.member(&entrance.caller, &account, id);
        let places = places.clone();
        tasks.spawn(async move {
            // The semaphore is never closed, so there always is a permit to wait for.
            let _place = places.acquire_owned().await;
            let words = futures::future::join_all(canaries.into_iter().map(|canary| ask(&session, canary))).await;
            (account, Health::of(words.into_iter().collect()))
        });
    }
    while let Some(joined) = tasks.join_next().await {
        let (account, health) = joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
        healths.insert(account, health);
    }
    healths
}

fn canaries(desired: &Desired, account: &Account) -> Vec<String> {
    let of_account = desired.resources.keys().filter(|at| at.account == *account && at.kind == LambdaFunction::NAME);
    of_account.filter(|at| is_canary(&at.name)).map(|at| at.name.to_string()).collect()
}

/// One canary's word. No answer is a word too.
pub(super) async fn ask(at: &Session, canary: String) -> (String, Word) {
    let call = at.lambda().invoke().function_name(&canary).payload(br#"{"source":"landfall.health"}"#.to_vec().into()).send();
    let word = match tokio::time::timeout(DEADLINE, call).await {
        Err(_) => Word::silent(format!("no answer within {} s", DEADLINE.as_secs())),
        Ok(Ok(answer)) => match answer.function_error() {
            Some(error) => Word::silent(format!("the function failed ({error}); its log says why")),
            None => Word::of(answer.payload().map(AsRef::as_ref).unwrap_or_default()),
        },
        Ok(Err(error)) => match CallError::from(error) {
            error if error.is(Fault::Missing) => Word::silent("the function is not there"),
            error => Word::silent(error.to_string()),
        },
    };
    (canary, word)
}

/// Reads the accounts that are not well, and their records.
async fn look(entrance: &Entrance, names: &Arc<Names>, kinds: &BTreeSet<KindName>, red: Ids, mut live: Live) -> (Live, Records) {
    let inside = |row: &&kinds::Row| matches!(row.scope, kinds::Scope::Global | kinds::Scope::Regional) && kinds.contains(&row.kind);
    let kinds: Vec<KindName> = TABLE.iter().filter(inside).map(|row| row.kind.clone()).collect();
    let (mut tasks, places) = (JoinSet::new(), Arc::new(Semaphore::new(ACCOUNTS_AT_ONCE)));
    for (account, id) in red {
        let session = entrance.connection.member(&entrance.caller, &account, &id).declaring(names.clone());
        let (kinds, places) = (kinds.clone(), places.clone());
        tasks.spawn(async move {
            let _place = places.acquire_owned().await;
            (account, read_account(&session, &kinds).await, recorded(&session).await)
        });
    }
    let mut records = Records::new();
    while let Some(joined) = tasks.join_next().await {
        let (account, part, record) = joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
        merge(&mut live, part);
        records.insert(account, record);
    }
    (live, records)
}

async fn recorded(at: &Session) -> Result<Record, String> {
    match record::read(at).await {
        Ok(Some(text)) => Record::of(&text).ok_or_else(|| format!("its record, {}, is none that can be read", Record::PARAMETER)),
        Ok(None) => Err("no apply has left a record in the account".to_owned()),
        Err(error) => Err(format!("its record could not be read: {error}")),
    }
}

/// What a plan would do in the accounts that are not well is what is wrong with them.
fn explain<'a>(
    healths: &mut Healths,
    desired: &Desired,
    (live, records): (&Live, &Records),
    red: impl Iterator<Item = &'a Account> + Clone,
) {
    let accounts: BTreeSet<&Account> = red.collect();
    let resources = desired.resources.iter().filter(|(at, _)| at.account == Account::Management || accounts.contains(&at.account));
    let resources = resources.map(|(at, declared)| (at.clone(), declared.clone())).collect();
    let (plan, _) = plan(&Desired { resources, ..desired.clone() }, live);
    for step in plan.steps() {
        if let Some(health) = healths.get_mut(&step.address.account).filter(|health| health.is_red()) {
            health.elements.extend(element(step, records));
        }
    }
    for account in accounts {
        let unread = live.unreadable.get(account).and_then(|kinds| kinds.values().next());
        if let (Some(health), Some(why)) = (healths.get_mut(account), unread) {
            health.unread = Some(why.clone());
        }
    }
}

fn element(step: &Step, records: &Records) -> Option<Element> {
    let (state, changes) = match &step.action {
        Action::Create { replacing: true, .. } => return None,
        Action::Create { .. } => (ElementState::Missing, &[][..]),
        Action::Update { changes, .. } => (ElementState::Different, &changes[..]),
        Action::Delete { replacing: true, why, .. } => (ElementState::Different, &why[..]),
        Action::Delete { .. } => (ElementState::Undeclared, &[][..]),
    };
    let fields = changes.iter().map(|change| change.field.clone()).collect();
    let asked = step.asked.as_ref().map(|(module, place)| format!("{module}, {place}"));
    let (touched, untold) = match touch(&step.address, records) {
        Some(Ok(touch)) => (Some(touch), None),
        Some(Err(why)) => (None, Some(why)),
        None => (None, None),
    };
    Some(Element { address: step.address.clone(), state, fields, asked, touched, untold })
}

/// Who touched an element last, or why that is not known. Of what is not of the network, nothing is recorded.
fn touch(at: &Address, records: &Records) -> Option<Result<Touch, String>> {
    let element = record::element(at)?;
    let record = match records.get(&at.account)? {
        Ok(record) => record,
        Err(why) => return Some(Err(why.clone())),
    };
    Some(record.touch(&element).ok_or_else(|| "no step in the account's record touched it".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_about_the_network_and_the_canaries() {
        let all = elements();
        for kind in
            ["vpc", "subnet", "nat-gateway", "elastic-ip", "route-table", "internet-gateway", "security-group", "iam-role", "event-bus"]
        {
            assert!(all.contains(&kind.parse().unwrap()), "{kind}");
        }
        assert!(!all.contains(&"account".parse().unwrap()));
    }
}
