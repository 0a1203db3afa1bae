//! Carries out one step: reads its resource again, and acts only if it is as the plan found it.

use super::sessions::{Entrance, Sessions, account_address, list, lock};
use super::{health, organization, record};
use crate::apply::{Cloud, Performed, StepError, StepResult, Trouble};
use crate::aws::{CallError, Fault, Session};
use crate::kinds::{Scope, Seen, Spec, row};
use crate::model::{Account, Address, Change, Colour, Digest, Effect, Health, Name};
use crate::plan::{Action, Plan, Step};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

tokio::task_local! {
    /// The step that is being carried out, so that calls can be told for which one they were made.
    static PERFORMING: Address;
}

/// The step for which a call that just ended was made, if it was made for one.
pub fn performing() -> Option<Address> {
    PERFORMING.try_with(Address::clone).ok()
}

/// AWS, as apply sees it.
pub struct RealCloud {
    entrance: Entrance,
    sessions: Sessions,
    /// By which an account is found that an attempt made and did not live to tell.
    emails: BTreeMap<Account, String>,
    /// Those of the plan's rollout.
    canaries: BTreeMap<Account, BTreeSet<Name>>,
    /// The plan's, as the records name it.
    digest: Digest,
    /// One listing at a time in an account: two steps that need the same kind shall not both list it.
    listing: Mutex<BTreeMap<Account, Arc<tokio::sync::Mutex<()>>>>,
    /// Accounts created in this run, in which "access denied" means "not in force yet".
    fresh: Mutex<BTreeSet<Account>>,
}

impl RealCloud {
    /// Looks up the plan's accounts, so that steps inside them find their way. `digest` is of the plan as people have seen it.
    ///
    /// # Errors
    /// Those of reading the organization: without it no step could be carried out.
    pub async fn open(entrance: Entrance, plan: &Plan, digest: Digest) -> Result<RealCloud, CallError> {
        organization::learn(&entrance.management, &plan.emails).await?;
        let (emails, canaries, sessions) = (plan.emails.clone(), plan.rollout.canaries.clone(), Sessions::default());
        Ok(RealCloud { entrance, sessions, emails, canaries, digest, listing: Mutex::default(), fresh: Mutex::default() })
    }

    /// The session that resources of a scope in an account are managed through.
    async fn session(&self, scope: Scope, account: &Account) -> Result<Arc<Session>, CallError> {
        let management = &self.entrance.management;
        match scope {
            Scope::Organization | Scope::Membership => Ok(management.clone()),
            Scope::Managed => {
                let managing = management.managing(account, &self.sessions.id_of(&self.entrance, account)?);
                Ok(Arc::new(managing.with_inside(self.sessions.of(&self.entrance, account)?)))
            }
            Scope::Global | Scope::Regional => {
                let session = self.sessions.of(&self.entrance, account)?;
                session.enter().await?;
                Ok(session)
            }
        }
    }

    /// Lists the kinds that the step's kind refers to, unless this run has: names and ids have to be known both ways.
    async fn know_needs(&self, at: &Session, step: &Step, again: bool) -> Result<(), CallError> {
        let lock = lock(&self.listing).entry(at.account().clone()).or_default().clone();
        let _one_at_a_time = lock.lock().await;
        if again && step.address == account_address(&step.address.account) {
            return organization::learn(at, &self.emails).await;
        }
        for kind in row(&step.address.kind).map_or(&[][..], |row| row.refers) {
            let Some(row) = row(kind) else { continue };
            // A managed session sees the organization's resources through the management session's own eyes.
            let of_management = at.account() != &Account::Management && row.scope == Scope::Organization;
            let at = if of_management { &self.entrance.management } else { at };
            if again || !at.directory().is_listed(at.account(), kind) {
                list(at, kind).await?;
            }
        }
        self.find_needs(at, step).await
    }

    /// Asks for the needs that no listing shows: those of kinds that can only be asked for by name.
    async fn find_needs(&self, at: &Session, step: &Step) -> Result<(), CallError> {
        let needs = step.action.after().map(Spec::needs).unwrap_or_default();
        for need in needs.iter().map(|need| need.resolve(&step.address, at.region())) {
            let unknown = need.account == *at.account() && at.directory().id(&need).is_none();
            if unknown && let Some(seen) = Spec::find(at, &need).await? {
                at.directory().learn(&need, &seen.id);
            }
        }
        Ok(())
    }

    async fn record(&self, account: &Account, steps: &[Step], results: &[StepResult]) -> Result<(), CallError> {
        let taken = record::taken(steps, results);
        if taken.is_empty() {
            return Ok(());
        }
        let at = self.session(Scope::Regional, account).await?;
        record::add(&at, &self.digest, taken).await
    }

    async fn try_perform(&self, step: &Step, again: bool) -> Result<Performed, Stop> {
        let scope = row(&step.address.kind).map_or(Scope::Global, |row| row.scope);
        let at = self.session(scope, &step.address.account).await?;
        self.know_needs(&at, step, again).await?;
        let found = Spec::find(&at, &step.address).await?;
        if let Some(seen) = &found {
            at.directory().learn(&step.address, &seen.id);
        }
        match &step.action {
            Action::Create { want, .. } => self.create(&at, step, want, found, again).await,
            Action::Update { live, want, changes } => update(&at, step, (live, want, changes.as_slice()), found, again).await,
            Action::Delete { live, .. } => delete(&at, step, live, found, again).await,
        }
    }

    async fn create(&self, at: &Session, step: &Step, want: &Spec, found: Option<Seen<Spec>>, again: bool) -> Result<Performed, Stop> {
        let Some(seen) = found else {
            let id = want.create(at, &step.address).await?;
            at.directory().learn(&step.address, &id);
            if step.address == account_address(&step.address.account) {
                lock(&self.fresh).insert(step.address.account.clone());
            }
            return Ok(Performed::Done);
        };
        let left = left(&seen.spec, want);
        // A setting is there as soon as its account is, and may well have been planned before that.
        let is_setting = row(&step.address.kind).is_some_and(|row| row.setting);
        match left.iter().all(|change| change.effect == Effect::InPlace) {
            _ if left.is_empty() => Ok(Performed::AlreadyDone),
            true if again || is_setting => {
                want.update(at, &step.address, &seen.id, &left).await?;
                Ok(Performed::Done)
            }
            _ => Err(drifted("it was to be created, but something else is there by now", &left)),
        }
    }

    /// What an AWS error means to apply.
    fn trouble(&self, step: &Step, fault: Fault) -> Trouble {
        match fault {
            Fault::Throttled => Trouble::Throttled,
            Fault::Lost => Trouble::Lost,
            Fault::Missing | Fault::Busy => Trouble::Unsettled,
            Fault::Denied if lock(&self.fresh).contains(&step.address.account) => Trouble::Unsettled,
            Fault::Denied | Fault::Exists | Fault::Withheld | Fault::Refused => Trouble::Refused,
        }
    }
}

impl Cloud for RealCloud {
    async fn perform(&self, step: &Step, again: bool) -> Result<Performed, StepError> {
        let performed = PERFORMING.scope(step.address.clone(), self.try_perform(step, again)).await;
        performed.map_err(|stop| match stop {
            Stop::Aws(error) => StepError::new(self.trouble(step, error.fault), error.to_string()),
            Stop::Drift(message) => StepError::new(Trouble::Drifted, message),
        })
    }

    async fn ended(&self, account: &Account, steps: &[Step], results: &[StepResult]) -> Result<(), String> {
        let recorded = self.record(account, steps, results).await.map_err(|error| error.to_string());
        // Clients, credentials and what was listed: memory is for the accounts that are being worked on, not for all.
        self.sessions.drop(account);
        lock(&self.listing).remove(account);
        recorded
    }

    async fn health(&self, account: &Account) -> Health {
        let Some(canaries) = self.canaries.get(account) else { return Health::without(Colour::Unwatched) };
        let at = match self.sessions.of(&self.entrance, account) {
            Ok(at) => at,
            Err(error) if error.is(Fault::Missing) => return Health::without(Colour::Absent),
            Err(error) => return Health::unknown(error.to_string()),
        };
        let words = canaries.iter().map(|canary| health::ask(&at, canary.to_string()));
        Health::of(futures::future::join_all(words).await.into_iter().collect())
    }

    async fn lock_held(&self) -> Result<(), String> {
        self.entrance.connection.turn().holds()
    }

    fn now(&self) -> Timestamp {
        // Before 1970 or after 9999 the clock is wrong, and no calendar can be held against it; the end of time is on no block day.
        Timestamp::try_from(self.entrance.management.now()).unwrap_or(Timestamp::MAX)
    }

    async fn sleep(&self, pause: Duration) {
        tokio::time::sleep(pause).await;
    }
}

/// Why a step was not carried out.
enum Stop {
    Aws(CallError),
    Drift(String),
}

impl From<CallError> for Stop {
    fn from(error: CallError) -> Stop {
        Stop::Aws(error)
    }
}

/// What an update was planned from and to, and the changes between.
type Planned<'a> = (&'a Spec, &'a Spec, &'a [Change]);

async fn update(
    at: &Session,
    step: &Step,
    (live, want, changes): Planned<'_>,
    found: Option<Seen<Spec>>,
    again: bool,
) -> Result<Performed, Stop> {
    let Some(seen) = found else { return Err(Stop::Drift("it was to be updated, but it is gone".to_owned())) };
    let rebinds = changes.iter().any(|change| change.field.starts_with("needs."));
    let left = left(&seen.spec, want);
    if left.is_empty() && !rebinds {
        return Ok(Performed::AlreadyDone);
    }
    // A need replaced under the same name shows as a stranger's id until it is bound again, so it can't be compared.
    let as_planned = rebinds || again || Spec::changes(&seen.spec, live).is_empty();
    if !as_planned {
        return Err(drifted("it has changed since the plan was made", &left));
    }
    let changes = if rebinds { changes } else { &left };
    want.update(at, &step.address, &seen.id, changes).await?;
    Ok(Performed::Done)
}

async fn delete(at: &Session, step: &Step, live: &Spec, found: Option<Seen<Spec>>, again: bool) -> Result<Performed, Stop> {
    let Some(seen) = found else { return Ok(Performed::AlreadyDone) };
    if let Some(stop) = spared(&seen.spec, live, again) {
        return Err(stop);
    }
    live.delete(at, &step.address, &seen.id).await?;
    at.directory().forget(&step.address);
    Ok(Performed::Done)
}

/// Why what is there now is not deleted as planned, if it is not.
fn spared(seen: &Spec, live: &Spec, again: bool) -> Option<Stop> {
    let differing = Spec::changes(seen, live);
    if !differing.is_empty() && !again {
        return Some(drifted("it was to be deleted, but it has changed since the plan was made", &differing));
    }
    // What it has come to hold since then is no change of it, and nobody has agreed to lose it.
    let held = seen.held().filter(|_| live.held().is_none())?;
    Some(Stop::Drift(format!("withheld: it was to be deleted, but by now {}; plan again", held.why)))
}

/// What there still is to do: what was asked for, an attempt before this one may have asked.
fn left(live: &Spec, want: &Spec) -> Vec<Change> {
    Spec::changes(live, want).into_iter().filter(|change| change.effect != Effect::Awaited).collect()
}

fn drifted(what: &str, changes: &[Change]) -> Stop {
    let fields = crate::model::show(changes.iter().map(|change| &change.field));
    Stop::Drift(format!("withheld: {what} ({fields}); plan again"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log_group(holds_entries: bool) -> Spec {
        Spec::LogGroup(crate::kinds::LogGroup { retention_days: None, disposable: false, tags: BTreeMap::new(), holds_entries })
    }

    #[test]
    fn what_has_come_to_hold_something_since_the_plan_is_not_deleted() {
        let (empty, filled) = (log_group(false), log_group(true));
        for again in [false, true] {
            let Some(Stop::Drift(why)) = spared(&filled, &empty, again) else { panic!("it would be deleted") };
            assert_eq!(why, "withheld: it was to be deleted, but by now it holds log entries; plan again");
            assert!(spared(&empty, &empty, again).is_none(), "empty as planned");
            assert!(spared(&filled, &filled, again).is_none(), "retired with its entries, as planned");
        }
    }
}
