//! Carries out one step: reads its resource again, and acts only if it is as the plan found it.

use super::sessions::{Entrance, Sessions, account_address, list, lock};
use super::{health, organization, record};
use crate::apply::{Cloud, Performed, StepError, StepResult, Trouble};
use crate::aws::{CallError, Fault, Session, confined};
use crate::kinds::{Scope, Spec, row};
use crate::model::{Account, Address, Colour, Digest, Health, Name, RemoteId};
use crate::plan::{Action, Due, Plan, Step, due};
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
    /// The accounts that there is something to do in. Others are only looked at.
    busy: BTreeSet<Account>,
    /// The plan's, as the records name it.
    digest: Digest,
    /// One listing at a time in an account: two steps that need the same kind shall not both list it.
    listing: Mutex<BTreeMap<Account, Arc<tokio::sync::Mutex<()>>>>,
    /// Accounts created by the plan, in which "access denied" means "not in force yet".
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
        let busy = plan.steps().map(|step| step.address.account.clone()).collect();
        Ok(RealCloud { entrance, sessions, emails, canaries, busy, digest, listing: Mutex::default(), fresh: Mutex::default() })
    }

    /// Whether AWS has no such account, or none yet.
    pub fn is_absent(&self, account: &Account) -> bool {
        *account != Account::Management && self.sessions.id_of(&self.entrance, account).is_err()
    }

    /// The session policy of who may enter these accounts, as far as they exist, and no other. None where it would be too long for AWS.
    pub fn confined<'a>(&self, accounts: impl IntoIterator<Item = &'a Account>) -> Option<String> {
        let members = accounts.into_iter().filter(|account| **account != Account::Management);
        let ids = members.filter_map(|account| self.sessions.id_of(&self.entrance, account).ok());
        confined(&ids.map(|id| self.entrance.connection.role_in(&self.entrance.caller, &id)).collect::<Vec<_>>())
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
        // One that an earlier job of this run made is as new as one that we make.
        if matches!(step.action, Action::Create { .. }) && step.address == account_address(&step.address.account) {
            lock(&self.fresh).insert(step.address.account.clone());
        }
        match due(&step.action, found.as_ref().map(|seen| &seen.spec), again) {
            Due::Nothing => Ok(Performed::AlreadyDone),
            Due::Drift(why) => Err(Stop::Drift(why)),
            due => {
                self.carry_out(&at, &step.address, due, found.map(|seen| seen.id)).await?;
                Ok(Performed::Done)
            }
        }
    }

    /// What is due; an update or a delete is of what was just found.
    async fn carry_out(&self, at: &Session, address: &Address, due: Due<'_>, found: Option<RemoteId>) -> Result<(), CallError> {
        match (due, found) {
            (Due::Create(want), _) => {
                let id = want.create(at, address).await?;
                at.directory().learn(address, &id);
            }
            (Due::Update(want, changes), Some(id)) => want.update(at, address, &id, &changes).await?,
            (Due::Delete(live), Some(id)) => {
                live.delete(at, address, &id).await?;
                at.directory().forget(address);
            }
            (Due::Update(..) | Due::Delete(_) | Due::Nothing | Due::Drift(_), _) => {}
        }
        Ok(())
    }

    /// What an AWS error means to apply.
    fn trouble(&self, step: &Step, fault: Fault) -> Trouble {
        match fault {
            Fault::Throttled => Trouble::Throttled,
            Fault::Lost => Trouble::Lost,
            Fault::Missing | Fault::Busy => Trouble::Unsettled,
            Fault::Leaving => Trouble::Leaving,
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
        let entered = match self.busy.contains(account) {
            true => self.sessions.of(&self.entrance, account),
            false => self.sessions.visiting(&self.entrance, account),
        };
        let at = match entered {
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
