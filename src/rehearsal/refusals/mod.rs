//! What AWS is sure to refuse, as far as live state tells: each rule in a file of its own. Where nothing is sure, nothing is refused: a
//! rehearsal that cries wolf is not read twice.

mod bound;
mod names;
mod permission;
mod quotas;

pub(super) use permission::{Doubt, Rights, doubts};

use super::known::{ACCOUNTS, QuotaOf};
use super::world::{World, main, payer};
use crate::apply::Trouble;
use crate::kinds::{Scope, Spec, row};
use crate::model::{Account, Address, KindName};
use crate::plan::{Due, Step, Work};

/// Why a step does not succeed, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub trouble: Trouble,
    pub why: String,
    pub hint: Option<String>,
}

impl Refusal {
    /// A refusal for good.
    fn new(why: impl Into<String>, hint: &str) -> Refusal {
        Refusal { trouble: Trouble::Refused, why: why.into(), hint: Some(hint.to_owned()) }
    }

    /// One that apply waits for to pass, in vain.
    fn in_vain(why: impl Into<String>, hint: &str) -> Refusal {
        Refusal { trouble: Trouble::Unsettled, ..Refusal::new(why, hint) }
    }
}

/// Why a step does not even come to look at its resource.
pub(super) fn entering(world: &World, step: &Step) -> Option<Refusal> {
    let account = &step.address.account;
    let scope = row(&step.address.kind).map_or(Scope::Global, |row| row.scope);
    let is_inside = matches!(scope, Scope::Managed | Scope::Global | Scope::Regional) && *account != Account::Management;
    let is_there = main(account).is_some_and(|main| world.held.borrow().contains(&main));
    if is_inside && !is_there {
        let why = format!("landfall:Directory: the account {account} does not exist (yet)");
        return Some(Refusal::in_vain(why, "plan again: the account that this plan was made for is gone"));
    }
    if let Some(status) = world.status(account).filter(|_| is_inside) {
        let why = format!("sts:AssumeRole AccessDenied: AWS says that the account is {status}");
        return Some(Refusal::new(why, "have AWS Support reinstate the account, or take it out of the files"));
    }
    unread(world, step)
}

/// A listing that failed just now fails again when apply makes it.
fn unread(world: &World, step: &Step) -> Option<Refusal> {
    let kinds = world.known.live.unreadable.get(&payer(step))?;
    let refers = row(&step.address.kind).map_or(&[][..], |row| row.refers);
    let of_payer = |kind: &&KindName| row(kind).is_some_and(|row| matches!(row.scope, Scope::Global | Scope::Regional));
    let looked_at = [&step.address.kind].into_iter().chain(refers.iter().filter(of_payer));
    let (kind, why) = looked_at.filter_map(|kind| kinds.get_key_value(kind)).next()?;
    Some(Refusal::new(format!("{kind} can't be read there: {why}"), "see to it that the account can be entered and read, and plan again"))
}

/// Why AWS does not do what is due.
pub(super) fn of(world: &World, step: &Step, due: &Due<'_>, work: &Work) -> Option<Refusal> {
    let denied = || permission::denied(world, step, &work.writes);
    match due {
        Due::Create(want) => denied()
            .or_else(|| missing(world, step, want))
            .or_else(|| account(world, step, want))
            .or_else(|| names::taken(world, step, want))
            .or_else(|| quotas::exceeded(world, step, want)),
        Due::Update(want, _) => denied().or_else(|| missing(world, step, want)),
        Due::Delete(live) => denied().or_else(|| bound::bound(world, step, live)),
        Due::Nothing | Due::Drift(_) => None,
    }
}

/// A need that is gone, and that no step makes.
fn missing(world: &World, step: &Step, want: &Spec) -> Option<Refusal> {
    let held = world.held.borrow();
    let needs = want.needs().into_iter().map(|need| need.resolve(&step.address, world.home()));
    let gone: Address = needs.into_iter().find(|need| *need != step.address && !held.contains(need))?;
    Some(Refusal::in_vain(
        format!("landfall:Directory: {gone} does not exist (yet)"),
        "plan again: what it needs is gone since the plan was made",
    ))
}

/// What only accounts are refused for.
fn account(world: &World, step: &Step, want: &Spec) -> Option<Refusal> {
    let Spec::Account(want) = want else { return None };
    if let Some(status) = world.status(&step.address.account) {
        let why = format!("organizations:CreateAccount: {} belongs to an account of this organization that is {status}", want.email);
        return Some(Refusal::new(why, "an email is never free again: choose another one, or have AWS Support reinstate the account"));
    }
    // Those that this run has made have come on top of what was counted.
    let made = world.touched.borrow().iter().filter(|at| at.kind == step.address.kind && !world.known.live.found.contains_key(at)).count();
    let most = usize::try_from(*world.known.granted.get(&QuotaOf::accounts())?).unwrap_or(usize::MAX);
    let there = world.known.accounts? + made;
    if there < most {
        return None;
    }
    let why = format!(
        "organizations:CreateAccount: ACCOUNT_LIMIT_EXCEEDED: the organization has {there} accounts by then, and {most} are allowed ({})",
        ACCOUNTS.1
    );
    Some(Refusal::new(why, "have the quota raised: Service Quotas in us-east-1, AWS Organizations, \"Default maximum number of accounts\""))
}
