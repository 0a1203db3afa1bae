//! The simulated cloud that a rehearsal applies to: live state as it was read, AWS's limits, and a clock of its own. Decides about a resource
//! by the same rule as apply against AWS, and refuses what AWS is sure to refuse; whatever it can't know, it lets pass.

use super::clock::{Clock, Places};
use super::held::Held;
use super::refusals::{self, Refusal, Rights};
use super::turns::Turns;
use super::{Known, QuotaOf};
use crate::apply::{Cloud, Performed, StepError, StepResult, Trouble};
use crate::kinds::{Kind, LambdaFunction, Scope, Spec, row};
use crate::model::limits::{ACCOUNT_CLOSURES, ACCOUNT_CREATIONS, ASSIGNMENTS};
use crate::model::{Account, Address, Colour, Health, KindName, Region, Word};
use crate::plan::{Action, Due, INTERFACES, Plan, Step, Work, due, leaves, work};
use jiff::Timestamp;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

/// What the way into an account costs.
const ENTERING: &str = "sts:AssumeRole";
/// What writing an account's record of its network costs.
const RECORDING: [&str; 2] = ["ssm:GetParameter", "ssm:PutParameter"];
const ASKING: &str = "lambda:InvokeFunction";
/// In milliseconds, from a near Region and from a far one.
const LATENCY: (u64, u64) = (50, 200);
/// What AWS does in its own time is found done half a pause between two looks late (`aws/wait.rs`: up to 5 s).
const LATE: Duration = Duration::from_millis(2500);

/// The cloud of one rehearsal.
pub(super) struct World<'a> {
    pub known: &'a Known,
    pub plan: &'a Plan,
    pub clock: &'a Clock,
    pub turns: RefCell<Turns>,
    /// What there is by now.
    pub held: RefCell<Held<'a>>,
    /// What the role of apply may do, by account: what was read of it does not change.
    pub rights: RefCell<BTreeMap<Account, Rc<Rights>>>,
    /// What steps of this run have made or changed.
    pub touched: RefCell<BTreeSet<Address>>,
    /// Until when Lambda has interfaces in a subnet or a group, by functions that are gone.
    pub leaving: RefCell<BTreeMap<Address, Duration>>,
    /// What to do about steps that fail.
    pub hints: RefCell<BTreeMap<Address, String>>,
    /// Quotas that steps came up against.
    pub met: RefCell<BTreeSet<QuotaOf>>,
    creations: Places,
    closures: Places,
    assignments: Places,
    /// How many calls each account has made.
    drawn: RefCell<BTreeMap<Account, u64>>,
    entered: RefCell<BTreeSet<Account>>,
    listed: RefCell<BTreeSet<(Account, KindName)>>,
    /// As apply does: one listing at a time in an account.
    listing: RefCell<BTreeMap<Account, Rc<Places>>>,
}

impl<'a> World<'a> {
    pub fn of(known: &'a Known, plan: &'a Plan, clock: &'a Clock) -> World<'a> {
        World {
            known,
            plan,
            clock,
            turns: RefCell::default(),
            held: RefCell::new(Held::of(&known.live)),
            rights: RefCell::default(),
            touched: RefCell::default(),
            leaving: RefCell::default(),
            hints: RefCell::default(),
            met: RefCell::default(),
            creations: Places::new(ACCOUNT_CREATIONS.limit),
            closures: Places::new(ACCOUNT_CLOSURES.limit),
            assignments: Places::new(ASSIGNMENTS.limit),
            drawn: RefCell::default(),
            entered: RefCell::default(),
            listed: RefCell::default(),
            listing: RefCell::default(),
        }
    }

    pub fn home(&self) -> &'a Region {
        &self.plan.home_region
    }

    /// Lets time pass before the first step.
    pub async fn sleep_for(&self, pause: Duration) {
        self.clock.sleep(pause).await;
    }

    /// What lives at an address by now. An account that is closed is none to work with.
    pub fn at(&self, address: &Address) -> Option<Spec> {
        let found = self.held.borrow().get(address).cloned();
        found.filter(|spec| !matches!(spec, Spec::Account(account) if account.status.is_some()))
    }

    /// Why an account is of no use, where AWS says so.
    pub fn status(&self, account: &Account) -> Option<String> {
        match self.held.borrow().get(&main(account)?) {
            Some(Spec::Account(spec)) => spec.status.clone(),
            _ => None,
        }
    }

    async fn calls(&self, account: &Account, calls: impl IntoIterator<Item = &'static str>) {
        for call in calls {
            let wait = self.turns.borrow_mut().take(call, account, self.home(), self.clock.now());
            self.clock.sleep(wait + self.latency(account)).await;
        }
    }

    /// What a call takes there and back: drawn from what the estimate takes the middle of, and drawn the same way each time. Of many accounts
    /// side by side, a wave waits for the unluckiest, which a middle value would hide.
    fn latency(&self, account: &Account) -> Duration {
        let mut drawn = self.drawn.borrow_mut();
        let number = drawn.entry(account.clone()).or_default();
        *number += 1;
        // FNV-1a of the account's name and the number, and SplitMix64's last steps.
        let bytes = account.to_string().into_bytes().into_iter().chain(number.to_be_bytes());
        let hash = bytes.fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3));
        let mixed = (hash ^ (hash >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Duration::from_millis(LATENCY.0 + (mixed ^ (mixed >> 31)) % (LATENCY.1 - LATENCY.0 + 1))
    }

    /// The way in, once an account, and listings of what a kind refers to, once an account and kind.
    async fn prepare(&self, payer: &Account, step: &Step) {
        if *payer != Account::Management && self.entered.borrow_mut().insert(payer.clone()) {
            self.calls(&Account::Management, [ENTERING]).await;
        }
        let listing = self.listing.borrow_mut().entry(payer.clone()).or_insert_with(|| Rc::new(Places::new(1))).clone();
        let _one_at_a_time = listing.take().await;
        for kind in row(&step.address.kind).map_or(&[][..], |row| row.refers) {
            let Some(row) = row(kind) else { continue };
            // What the organization has, apply has looked up before its first step.
            let of_account = matches!(row.scope, Scope::Global | Scope::Regional);
            if of_account && self.listed.borrow_mut().insert((payer.clone(), kind.clone())) {
                self.calls(payer, row.reads.iter().copied()).await;
            }
        }
    }

    async fn carry_out(&self, payer: &Account, step: &Step, due: Due<'_>, work: &Work) -> Result<(), Refusal> {
        let _room = match (step.address.kind.as_str(), &due) {
            ("account", Due::Create(_)) => Some(self.creations.take().await),
            ("account", Due::Delete(_)) => Some(self.closures.take().await),
            ("access-assignment", _) => Some(self.assignments.take().await),
            _ => None,
        };
        let refused = refusals::of(self, step, &due, work);
        // A refused call has been made.
        let made = if refused.is_some() { 1 } else { work.writes.len() };
        self.calls(payer, work.writes.iter().copied().take(made)).await;
        match (refused, due) {
            (Some(refusal), _) => return Err(refusal),
            (None, Due::Create(_) | Due::Delete(_)) if !work.takes.is_zero() => self.clock.sleep(work.takes + LATE).await,
            (None, _) => {}
        }
        self.become_so(step);
        Ok(())
    }

    fn become_so(&self, step: &Step) {
        let mut held = self.held.borrow_mut();
        match step.action.after() {
            Some(Spec::DefaultVpc(vpc)) if !vpc.exists => held.without_default_vpc(&step.address.account),
            _ => {}
        }
        match step.action.after() {
            Some(want) => held.insert(step.address.clone(), want.clone()),
            None => held.remove(&step.address),
        }
        let until = self.clock.now() + INTERFACES;
        self.leaving.borrow_mut().extend(leaves(step).into_iter().map(|left| (left, until)));
        self.touched.borrow_mut().insert(step.address.clone());
    }

    /// What an account's canaries say by now, as far as anybody can tell.
    fn word(&self, account: &Account) -> Health {
        let Some(canaries) = self.plan.rollout.canaries.get(account) else { return Health::without(Colour::Unwatched) };
        if main(account).is_none_or(|main| !self.held.borrow().contains(&main)) {
            return Health::without(Colour::Absent);
        }
        if let Some(status) = self.status(account) {
            return Health::unknown(format!("the account is {status}"));
        }
        let function = |name: &crate::model::Name| Address {
            account: account.clone(),
            region: self.home().clone(),
            kind: LambdaFunction::NAME,
            name: name.clone(),
        };
        let is_there = |name: &&crate::model::Name| self.held.borrow().contains(&function(name));
        let said = self.known.healths.get(account).filter(|health| health.is_red() && !self.is_mended(health));
        let words = canaries
            .iter()
            .map(|name| (name.to_string(), if is_there(&name) { green() } else { Word::silent("the function is not there") }));
        said.cloned().unwrap_or_else(|| Health::of(words.collect()))
    }

    /// Whether steps of this run have seen to all that was not as declared in an account that was not well.
    pub fn is_mended(&self, health: &Health) -> bool {
        let touched = self.touched.borrow();
        !health.elements.is_empty() && health.elements.iter().all(|element| touched.contains(&element.address))
    }
}

/// The account that pays for a step's calls.
pub(super) fn payer(step: &Step) -> Account {
    match row(&step.address.kind).map_or(Scope::Global, |row| row.scope) {
        Scope::Organization | Scope::Membership | Scope::Managed => Account::Management,
        Scope::Global | Scope::Regional => step.address.account.clone(),
    }
}

/// The address of an account's own resource.
pub(super) fn main(account: &Account) -> Option<Address> {
    format!("{account}/global/account/main").parse().ok()
}

fn green() -> Word {
    Word { colour: Colour::Green, why: Vec::new(), suspects: Vec::new() }
}

impl Cloud for World<'_> {
    async fn perform(&self, step: &Step, again: bool) -> Result<Performed, StepError> {
        let (payer, work) = (payer(step), work(step));
        let failed = |Refusal { trouble, why, hint }: Refusal| {
            self.hints.borrow_mut().extend(hint.map(|hint| (step.address.clone(), hint)));
            StepError::new(trouble, why)
        };
        if let Some(refusal) = refusals::entering(self, step) {
            self.calls(&Account::Management, [ENTERING]).await;
            return Err(failed(refusal));
        }
        self.prepare(&payer, step).await;
        self.calls(&payer, work.looks.iter().copied()).await;
        match due(&step.action, self.at(&step.address).as_ref(), again) {
            Due::Nothing => Ok(Performed::AlreadyDone),
            Due::Drift(why) => Err(StepError::new(Trouble::Drifted, why)),
            due => self.carry_out(&payer, step, due, &work).await.map(|()| Performed::Done).map_err(failed),
        }
    }

    async fn ended(&self, account: &Account, steps: &[Step], results: &[StepResult]) -> Result<(), String> {
        let is_network = |step: &Step| row(&step.address.kind).is_some_and(|row| row.scope == Scope::Regional);
        let done = |(step, result): (&Step, &StepResult)| *result == StepResult::Done && is_network(step);
        if *account != Account::Management && steps.iter().zip(results).any(done) {
            self.calls(account, RECORDING).await;
        }
        Ok(())
    }

    async fn health(&self, account: &Account) -> Health {
        self.calls(account, [ASKING]).await;
        self.word(account)
    }

    async fn lock_held(&self) -> Result<(), String> {
        Ok(())
    }

    fn now(&self) -> Timestamp {
        self.known.now.saturating_add(self.clock.now()).unwrap_or(Timestamp::MAX)
    }

    async fn sleep(&self, pause: Duration) {
        self.clock.sleep(pause).await;
    }
}

/// Whether a step makes something.
pub(super) fn creates(step: &Step) -> bool {
    matches!(step.action, Action::Create { .. })
}
