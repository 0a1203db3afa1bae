//! A plan as patterns and outliers: steps that are equal but for what is their account's own stand once, with placeholders and the accounts.
//! Exact: what a pattern shows, filled with the facts of one of its accounts, is that account's step, and `expand` gives the plan back.

mod facts;
mod groups;
mod peers;
mod shape;

pub use facts::{CLOSE, Facts, OPEN};
pub use groups::{Group, Rank, groups};
pub use peers::Peers;
pub use shape::{Shape, Shaped};

use crate::model::{Account, Address, Concern, Digest, KindName, Name, Place, Region, Risk, canonical};
use crate::plan::{Action, Plan, Step, Wave};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A plan, folded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Folded {
    /// Each pattern, and each outlier as a pattern of one.
    pub patterns: Vec<Pattern>,
    /// What the placeholders stand for.
    pub facts: BTreeMap<Account, Facts>,
    waves: Vec<Name>,
}

/// Steps that are the same but for what is their account's own.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// The JSON of a shape with placeholders.
    template: String,
    /// Whether the template is the step as it is, because it holds something that only looks like a placeholder.
    literal: bool,
    /// The step with placeholders; with its own values where there is only one.
    pub shape: Shape,
    pub risk: Risk,
    /// By account, in the order of the plan.
    pub members: Vec<Member>,
    /// Of all its steps, as a reviewer of the pattern has seen them.
    pub digest: Digest,
}

/// One step of a pattern: what is not the same in all of them, and where in the plan it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    pub account: Account,
    /// Of the plan's waves, by number.
    pub wave: usize,
    /// Among the steps of its account.
    pub place: usize,
    after: Vec<usize>,
    pub asked: Option<(Name, Place)>,
}

/// A step on its way into a pattern.
struct Loose<'a> {
    /// Its own JSON, and that with placeholders; literal, where the second is the first and not to be filled.
    text: String,
    template: Template,
    step: &'a Step,
    member: Member,
}

/// What steps of a pattern have in common: whether it is literal, and the text.
type Template = (bool, String);

impl Pattern {
    /// Whether it is one step that fits no pattern.
    pub fn is_outlier(&self) -> bool {
        self.members.len() == 1
    }

    /// The accounts of its steps.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.members.iter().map(|member| &member.account)
    }
}

/// Folds a plan.
pub fn fold(plan: &Plan) -> Folded {
    let accounts = || {
        plan.waves.iter().enumerate().flat_map(|(wave, Wave { name: _, accounts })| accounts.iter().map(move |(at, all)| (wave, at, all)))
    };
    let facts: BTreeMap<Account, Facts> =
        accounts().map(|(_, account, steps)| (account.clone(), Facts::of(plan, account, steps))).collect();
    let mut patterns: BTreeMap<Template, Vec<Loose>> = BTreeMap::new();
    for (wave, account, steps) in accounts() {
        for (place, step) in steps.iter().enumerate() {
            let member = Member { account: account.clone(), wave, place, after: step.after.clone(), asked: step.asked.clone() };
            let loose = Loose::of(step, member, &facts[account]);
            patterns.entry(loose.template.clone()).or_default().push(loose);
        }
    }
    attract(&mut patterns, &facts);
    let mut patterns: Vec<Pattern> = patterns.into_iter().filter_map(|(template, steps)| pattern(template, steps)).collect();
    patterns.sort_by(|one, other| order(one).cmp(&order(other)));
    Folded { patterns, facts, waves: plan.waves.iter().map(|wave| wave.name.clone()).collect() }
}

impl<'a> Loose<'a> {
    fn of(step: &'a Step, member: Member, facts: &Facts) -> Loose<'a> {
        let text = canonical(&shape::json(step));
        let template = facts.take_out(&text);
        // Trust nothing: what does not come back as it was stays as it is.
        let literal = facts.put_in(&template) != text;
        let template = if literal { (true, text.clone()) } else { (false, template) };
        Loose { text, template, step, member }
    }
}

/// Gives stray steps to the pattern that they fit: a domain called like a resource loses more to its placeholders than others do.
fn attract(patterns: &mut BTreeMap<Template, Vec<Loose>>, facts: &BTreeMap<Account, Facts>) {
    let mut large: BTreeMap<&KindName, Vec<(Template, usize)>> = BTreeMap::new();
    for (template, steps) in patterns.iter().filter(|((literal, _), steps)| !literal && steps.len() > 1) {
        large.entry(&steps[0].step.address.kind).or_default().push((template.clone(), steps.len()));
    }
    let fits = |loose: &Loose, (_, template): &Template| facts[&loose.member.account].put_in(template) == loose.text;
    let mut moved: Vec<(Template, Loose)> = Vec::new();
    for (template, steps) in patterns.iter_mut() {
        let others = steps.first().and_then(|loose| large.get(&loose.step.address.kind));
        let larger = others.into_iter().flatten().filter(|(other, size)| *size > steps.len() && other != template);
        let larger: Vec<&Template> = larger.map(|(other, _)| other).collect();
        for loose in std::mem::take(steps) {
            match larger.iter().find(|other| fits(&loose, other)) {
                Some(home) => moved.push(((*home).clone(), loose)),
                None => steps.push(loose),
            }
        }
    }
    for (template, loose) in moved {
        patterns.entry(template).or_default().push(loose);
    }
    patterns.retain(|_, steps| !steps.is_empty());
}

fn pattern((literal, template): Template, mut steps: Vec<Loose>) -> Option<Pattern> {
    steps.sort_by(|one, other| position(&one.member).cmp(&position(&other.member)));
    let first = steps.first()?;
    // An outlier is shown by name: placeholders would only hide what it is.
    let template = if steps.len() == 1 { first.text.clone() } else { template };
    let shape = Shape::parse(&template)?;
    let risk = first.step.risk();
    let digest = Digest::of(&steps.iter().map(|loose| (&loose.member.account, &loose.text)).collect::<Vec<_>>());
    Some(Pattern { template, literal, shape, risk, members: steps.into_iter().map(|loose| loose.member).collect(), digest })
}

fn position(member: &Member) -> (usize, &Account, usize) {
    (member.wave, &member.account, member.place)
}

/// Where a pattern stands among others: the worst first, then the largest, then in the order of the plan.
fn order(pattern: &Pattern) -> impl Ord {
    let first = pattern.members.first().map(|member| (member.wave, member.account.clone(), member.place));
    (std::cmp::Reverse(pattern.risk), std::cmp::Reverse(pattern.members.len()), first)
}

/// What a filled template holds: a step, but for what its member holds.
#[derive(Deserialize)]
struct Filled {
    region: Region,
    kind: KindName,
    name: Name,
    action: Action,
    concerns: Vec<Concern>,
}

impl Folded {
    /// The waves of the plan that was folded.
    ///
    /// # Errors
    /// When a pattern does not fit the facts of its accounts, which no folded plan does.
    pub fn expand(&self) -> Result<Vec<Wave>, String> {
        let mut waves: Vec<BTreeMap<Account, BTreeMap<usize, Step>>> = vec![BTreeMap::new(); self.waves.len()];
        for pattern in &self.patterns {
            for Member { account, wave, place, after, asked } in &pattern.members {
                let facts = self.facts.get(account).ok_or_else(|| format!("nothing is known of {account}"))?;
                let text = if pattern.literal || pattern.is_outlier() { pattern.template.clone() } else { facts.put_in(&pattern.template) };
                let Filled { region, kind, name, action, concerns } =
                    serde_json::from_str(&text).map_err(|error| format!("{account}: {error}"))?;
                let address = Address { account: account.clone(), region, kind, name };
                let step = Step { address, action, after: after.clone(), concerns, asked: asked.clone() };
                let steps = waves.get_mut(*wave).ok_or("there is no such wave")?.entry(account.clone()).or_default();
                steps.insert(*place, step);
            }
        }
        let named = self.waves.iter().cloned().zip(waves);
        Ok(named.map(|(name, accounts)| Wave { name, accounts: in_order(accounts) }).collect())
    }
}

fn in_order(accounts: BTreeMap<Account, BTreeMap<usize, Step>>) -> BTreeMap<Account, Vec<Step>> {
    accounts.into_iter().map(|(account, steps)| (account, steps.into_values().collect())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Action;
    use crate::render::made;

    #[test]
    fn what_only_looks_like_a_placeholder_is_shared_with_nobody_who_has_what_it_would_stand_for() {
        let role = |domain: &str, of: &str| {
            let action = Action::Create { want: made::role(of), replacing: false };
            made::step(&format!("{domain}/prod/global/iam-role/ci"), action)
        };
        let looks = [role("a", "‹domain›.x"), role("b", "‹domain›.x"), role("shop", "shop.x")];
        let plan = made::plan([("prod", looks.to_vec())]);
        assert_eq!(fold(&plan).expand(), Ok(plan.waves));
    }
}
