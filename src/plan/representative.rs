//! What a wave contains that no earlier wave has exercised: when dev and stage pass and prod fails, they were not like prod. Judges only: it
//! adds a concern to such steps, and so an approval; what is done is decided already.

use super::compare::{Fate, Fates};
use super::ground::{ACCOUNT, Ground, account_of};
use super::{Action, Plan, Step};
use crate::kinds::Spec;
use crate::model::{Account, Address, Change, Concern, KindName, Name, Note, Place, Risk, Severity, Subject, show};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// What the concern of such a step begins with; the wave's name follows.
const FIRST_SEEN: &str = "first seen in ";
/// What the concern ends with that is said once for a whole account.
const LONELY: &str = "of a domain that has no account in one";
/// What field names of rebinding begin with: no spec shows whether that has been done.
const BINDING: &str = "needs.";
/// The most patterns that the note names.
const NAMED: usize = 12;

/// What steps of different accounts have in common: everything but the account's own names, and the values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Pattern {
    origin: Origin,
    action: &'static str,
    fields: BTreeSet<String>,
}

/// Which resources of different accounts are counterparts: what one resource of a module makes is one thing, however many of it a list of
/// people, zones or repositories makes. What nobody declares any more is known by its kind and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    Asked(KindName, Name, Place),
    Named(KindName, String),
}

/// Resources that are as declared, by their origin, each with the place of its account's wave.
type Settled<'a> = BTreeMap<Origin, Vec<(usize, &'a Address)>>;

/// Adds the concern to each step whose pattern no earlier wave exercises, in this plan or, as its resources show, before it.
pub(super) fn mark(ground: &Ground, fates: &Fates, plan: &mut Plan) {
    let places: BTreeMap<Name, usize> = plan.rollout.waves.iter().enumerate().map(|(place, rules)| (rules.name.clone(), place)).collect();
    // Nothing comes before the first wave that has accounts, and so it can't be unlike anything.
    let Some(first) = plan.emails.keys().filter_map(|account| plan.rollout.place_of(account)).min() else { return };
    let settled = settled(ground, fates, &plan.steps().map(|step| step.address.kind.clone()).collect());
    let mut seen: BTreeSet<Pattern> = BTreeSet::new();
    let lonely = lonely(plan);
    for wave in &mut plan.waves {
        let Some(place) = places.get(&wave.name).copied() else { continue };
        if place > first {
            for (account, steps) in &mut wave.accounts {
                let is_new = |step: &Step| !seen.contains(&Pattern::of(step)) && !is_exercised(ground, &settled, place, step);
                let new: Vec<usize> = (0..steps.len()).filter(|at| !is_second_half(&steps[*at]) && is_new(&steps[*at])).collect();
                concern(&wave.name, steps, &new, lonely.contains(account));
            }
        }
        seen.extend(wave.accounts.values().flatten().map(Pattern::of));
    }
}

/// Accounts that the plan creates and whose domain has none in an earlier wave: everything about them may be new, which is said once.
fn lonely(plan: &Plan) -> BTreeSet<Account> {
    let of = |account: &Account| if let Account::Member { domain, .. } = account { Some(domain.clone()) } else { None };
    let mut earliest: BTreeMap<Option<Name>, usize> = BTreeMap::new();
    for account in plan.emails.keys() {
        let place = plan.rollout.place_of(account).unwrap_or_default();
        earliest.entry(of(account)).and_modify(|known| *known = place.min(*known)).or_insert(place);
    }
    let created = plan.steps().filter(|step| step.address.kind == ACCOUNT && matches!(step.action, Action::Create { .. }));
    let accounts = created.map(|step| step.address.account.clone());
    accounts.filter(|account| earliest.get(&of(account)).copied() == plan.rollout.place_of(account)).collect()
}

fn concern(wave: &Name, steps: &mut [Step], new: &[usize], is_lonely: bool) {
    let is_account = |step: &Step| account_of(&step.address.account).as_ref() == Some(&step.address);
    let main = steps.iter().position(is_account).filter(|_| is_lonely && new.len() > 1);
    let why = match main {
        Some(_) => {
            format!("{FIRST_SEEN}{wave}: {} steps that no earlier wave exercises, {LONELY}", new.len())
        }
        None => format!("{FIRST_SEEN}{wave}: no earlier wave exercises it"),
    };
    for at in main.map_or(new.to_vec(), |main| vec![main]) {
        let concerns = &mut steps[at].concerns;
        concerns.push(Concern { risk: Risk::Notable, why: why.clone() });
        concerns.sort_by_key(|concern| (Reverse(concern.risk), concern.why.clone()));
    }
}

/// A replacement is judged where it deletes.
fn is_second_half(step: &Step) -> bool {
    matches!(step.action, Action::Create { replacing: true, .. })
}

fn settled<'a>(ground: &Ground<'a>, fates: &Fates<'a>, kinds: &BTreeSet<KindName>) -> Settled<'a> {
    let mut settled = Settled::new();
    let unchanged = fates.of.iter().filter(|(at, fate)| **fate == Fate::Unchanged && kinds.contains(&at.kind));
    for (at, _) in unchanged.filter(|(at, _)| ground.found(at).is_some()) {
        let place = ground.desired.estate.rollout.place_of(&at.account);
        if let (Some(declared), Some(place)) = (ground.declared(at), place) {
            let origin = Origin::of(at, Some((&declared.module, &declared.place)));
            settled.entry(origin).or_default().push((place, at));
        }
    }
    settled
}

/// Whether an account of an earlier wave has been through it: its counterpart is there, and for a change, is already so.
fn is_exercised(ground: &Ground, settled: &Settled, place: usize, step: &Step) -> bool {
    let at = &step.address;
    let counterparts = settled.get(&Pattern::of(step).origin).into_iter().flatten();
    let mut earlier = counterparts.filter(|(other, _)| *other < place).filter_map(|(_, other)| Some((*other, &ground.found(other)?.spec)));
    match &step.action {
        Action::Create { .. } => earlier.next().is_some(),
        Action::Update { want, changes, .. } => earlier.any(|(other, live)| is_so(other, live, (at, want), changes)),
        Action::Delete { replacing: true, why, .. } => {
            let want = ground.declared(at).map(|declared| &declared.spec);
            want.is_some_and(|want| earlier.any(|(other, live)| is_so(other, live, (at, want), why)))
        }
        Action::Delete { replacing: false, .. } => false,
    }
}

/// Whether a live resource has, in the fields that change, what is wanted of its counterpart, but for the accounts' own names.
fn is_so(other: &Address, live: &Spec, (at, want): (&Address, &Spec), changes: &[Change]) -> bool {
    if changes.iter().any(|change| change.field.starts_with(BINDING)) {
        return false;
    }
    let text = |value: &Option<String>, account: &Account| value.as_ref().map(|text| impersonal(text, account));
    let differing = Spec::changes(live, want);
    let differs = |field: &str| {
        let left = differing.iter().filter(|left| impersonal(&left.field, &at.account) == impersonal(field, &at.account));
        left.into_iter().any(|left| text(&left.before, &other.account) != text(&left.after, &at.account))
    };
    !changes.iter().any(|change| differs(&change.field))
}

impl Pattern {
    fn of(step: &Step) -> Pattern {
        let Step { address, action, asked, .. } = step;
        let (action, changes): (&str, &[Change]) = match action {
            Action::Create { .. } => ("create", &[]),
            Action::Update { changes, .. } => ("update", changes),
            Action::Delete { replacing: true, why, .. } => ("replace", why),
            Action::Delete { replacing: false, .. } => ("delete", &[]),
        };
        let fields = changes.iter().map(|change| impersonal(&change.field, &address.account)).collect();
        Pattern { origin: Origin::of(address, asked.as_ref().map(|(module, place)| (module, place))), action, fields }
    }

    /// `first seen in prod: update route-table private-a and 2 more of network (routes.0.0.0.0/0), in 12 accounts`.
    fn told(&self, wave: &Name, steps: &[&Step]) -> String {
        let fields = if self.fields.is_empty() { String::new() } else { format!(" ({})", show(&self.fields)) };
        let names: BTreeSet<String> = steps.iter().map(|step| impersonal(step.address.name.as_str(), &step.address.account)).collect();
        let accounts: BTreeSet<&Account> = steps.iter().map(|step| &step.address.account).collect();
        let (kind, module) = match &self.origin {
            Origin::Asked(kind, module, _) => (kind, format!(" of {module}")),
            Origin::Named(kind, _) => (kind, String::new()),
        };
        let more = if names.len() > 1 { format!(" and {} more", names.len() - 1) } else { String::new() };
        let whom = match accounts.first() {
            Some(only) if accounts.len() == 1 => only.to_string(),
            _ => format!("{} accounts", accounts.len()),
        };
        let first = names.first().map(String::as_str).unwrap_or_default();
        let is_lonely = steps.iter().any(|step| step.concerns.iter().any(|concern| concern.why.ends_with(LONELY)));
        let lonely = if is_lonely { ": no account of their domain is in an earlier wave" } else { "" };
        format!("{FIRST_SEEN}{wave}: {} {kind} {first}{more}{module}{fields}, in {whom}{lonely}", self.action)
    }
}

impl Origin {
    fn of(at: &Address, asked: Option<(&Name, &Place)>) -> Origin {
        match asked {
            Some((module, place)) => Origin::Asked(at.kind.clone(), module.clone(), place.clone()),
            None => Origin::Named(at.kind.clone(), impersonal(at.name.as_str(), &at.account)),
        }
    }
}

/// A text without the account's own names, where they stand as whole words.
fn impersonal(text: &str, account: &Account) -> String {
    match account {
        Account::Management => text.to_owned(),
        Account::Member { domain, environment } => {
            without(&without(text, domain.as_str(), "‹domain›"), environment.as_str(), "‹environment›")
        }
    }
}

fn without(text: &str, word: &str, mark: &str) -> String {
    let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let (mut rest, mut result) = (text, String::new());
    while let Some(at) = rest.find(word) {
        let end = at + word.len();
        let before = rest[..at].chars().next_back().or_else(|| result.chars().next_back());
        result.push_str(&rest[..at]);
        result.push_str(if is_part(before) || is_part(rest[end..].chars().next()) { word } else { mark });
        rest = &rest[end..];
    }
    result + rest
}

/// One note for all such steps, a line a pattern; none when there are none.
pub(super) fn note(plan: &Plan) -> Option<Note> {
    let is_new = |step: &&Step| step.concerns.iter().any(|concern| concern.why.starts_with(FIRST_SEEN));
    let mut lines = Vec::new();
    for wave in &plan.waves {
        let mut patterns: BTreeMap<Pattern, Vec<&Step>> = BTreeMap::new();
        for step in wave.accounts.values().flatten().filter(is_new) {
            patterns.entry(Pattern::of(step)).or_default().push(step);
        }
        lines.extend(patterns.iter().map(|(pattern, steps)| pattern.told(&wave.name, steps)));
    }
    let more = lines.len().saturating_sub(NAMED);
    lines.truncate(NAMED);
    lines.extend((more > 0).then(|| format!("and {more} more")));
    let note = || Note::new(Severity::Information, Subject::Estate, SUMMARY, lines.join("\n"));
    (!lines.is_empty())
        .then(|| note().hint("an earlier wave that has the same would show whether it works; these steps need somebody's approval"))
}

/// The summary of the note.
pub const SUMMARY: &str = "Waves contain what no earlier wave exercises";

#[cfg(test)]
mod tests;
