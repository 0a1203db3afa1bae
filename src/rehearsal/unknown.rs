//! What a rehearsal can't know, said for the plan at hand: a foretelling that hides its doubts is worth less than none.

use super::known::ACCOUNTS;
use super::refusals::{Doubt, doubts};
use super::world::{World, creates, payer};
use crate::model::{Account, Address, show};
use crate::plan::{Plan, Step};
use std::collections::BTreeSet;

/// A thing that is not known, and what was taken for granted instead.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unknown {
    pub what: String,
    pub assumed: &'static str,
}

pub(super) fn unknown(world: &World, plan: &Plan) -> Vec<Unknown> {
    let unknown = |what: String, assumed| Unknown { what, assumed };
    let mut all = Vec::new();
    all.extend(accounts(world, plan));
    all.extend(canaries(world, plan));
    let of = |doubt: Doubt| doubts(world, plan).into_iter().filter(move |(other, _)| *other == doubt).map(|(_, account)| account).collect();
    let (unseen, unread): (Vec<Account>, Vec<Account>) = (of(Doubt::Unseen), of(Doubt::Unread));
    let may = "that it may do all that the steps need";
    if !unseen.is_empty() {
        all.push(unknown(format!("what the role {} may do in {}: its policies were not read", plan.access_role, listed(&unseen)), may));
    }
    if !unread.is_empty() {
        all.push(unknown(
            format!("what the role {} may do in {}: it has managed policies of others", plan.access_role, listed(&unread)),
            may,
        ));
    }
    if plan.steps().any(|step| payer(step) == Account::Management) {
        all.push(unknown("what the role that applies may do in the management account: this one only reads".to_owned(), may));
    }
    if let Some(writer) = &world.known.writer {
        let what = format!(
            "when {} is done, who writes since {}, until {} unless renewed: {}",
            writer.who, writer.since, writer.until, writer.purpose
        );
        all.push(unknown(what, "that it is our turn at once; apply waits for it"));
    }
    all
}

/// What is not known of accounts that are to be made.
fn accounts(world: &World, plan: &Plan) -> Vec<Unknown> {
    let is_new = |step: &&Step| step.address.kind.as_str() == "account" && creates(step);
    let is_absent = |at: &Address| !world.known.live.found.contains_key(at);
    if !plan.steps().filter(is_new).any(|step| is_absent(&step.address)) {
        return Vec::new();
    }
    let emails = Unknown {
        what: "whether the emails of the new accounts belong to AWS accounts outside of the organization".to_owned(),
        assumed: "that they are free",
    };
    let limits = world.known.accounts.is_none() || !world.known.granted.contains_key(&super::QuotaOf::accounts());
    let quota = Unknown {
        what: format!("how many accounts the organization may have ({}; {} unless more was granted)", ACCOUNTS.1, ACCOUNTS.2),
        assumed: "that there is room for the new ones",
    };
    [Some(emails), limits.then_some(quota)].into_iter().flatten().collect()
}

/// What canaries will say of accounts that change, and those that nobody could ask.
fn canaries(world: &World, plan: &Plan) -> Vec<Unknown> {
    let watched = |account: &&Account| plan.rollout.canaries.contains_key(*account);
    let touched: BTreeSet<Account> = world.touched.borrow().iter().map(|at| at.account.clone()).collect();
    let changed: Vec<&Account> = touched.iter().filter(watched).collect();
    let lives = |account: &&&Account| super::world::main(account).is_some_and(|main| world.known.live.found.contains_key(&main));
    let unasked: Vec<&Account> = plan.rollout.canaries.keys().filter(|account| !world.known.healths.contains_key(account)).collect();
    let unasked: Vec<&Account> = unasked.iter().filter(lives).copied().collect();
    let mended: Vec<&Account> = changed
        .iter()
        .filter(|account| world.known.healths.get(**account).is_some_and(|health| health.is_red() && world.is_mended(health)))
        .copied()
        .collect();
    let mut all = Vec::new();
    if !unasked.is_empty() {
        let what = format!("how {} are: these credentials may not ask their canaries", show(&unasked));
        all.push(Unknown { what, assumed: "that they are green" });
    }
    if !mended.is_empty() {
        let what = format!("whether {}, red now, are green once what is not as declared there is mended", show(&mended));
        all.push(Unknown { what, assumed: "that they are" });
    }
    if !changed.is_empty() {
        let what = format!("what canaries say of {} after the steps there", listed(&changed.into_iter().cloned().collect::<Vec<_>>()));
        all.push(Unknown { what, assumed: "that what was green stays green" });
    }
    all
}

/// A few by name, many by number.
fn listed(accounts: &[Account]) -> String {
    const NAMED: usize = 5;
    if accounts.len() > NAMED { format!("{} accounts", accounts.len()) } else { show(accounts) }
}
