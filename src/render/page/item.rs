//! What is read as one step: a pattern, or the two halves of a replacement; with what each of its accounts has of its own.
//!
//! Exact: for each account the lines of its very step are made, and the item holds what brings them back.

use super::drawn::{Drawn, Values};
use crate::model::Account;
use crate::plan::{Plan, Step};
use crate::render::fold::{Facts, Folded, Group, Member, Pattern, Shape, Shaped};
use crate::render::step::by;
use std::collections::BTreeMap;

/// A step of all accounts of a group.
pub(super) struct Item<'a> {
    /// One pattern, or the delete and the create of a replacement.
    patterns: Vec<&'a Pattern>,
    /// As it is shown with placeholders, then as accounts have it whose values make the lines fall differently.
    pub variants: Vec<Drawn>,
    /// Which variant each account has.
    pub variant: Vec<usize>,
    /// Who asked for it, an account each.
    pub asked: Vec<Option<String>>,
}

/// What is needed to look an account's own steps up.
pub(super) struct Source<'a> {
    pub plan: &'a Plan,
    pub folded: &'a Folded,
    pub values: BTreeMap<&'a Account, Values>,
}

/// The steps of a group, in the order of the plan.
pub(super) fn items<'a>(group: &Group<'a>, source: &Source<'_>) -> Vec<Item<'a>> {
    halves(group).into_iter().map(|patterns| item(patterns, source)).collect()
}

impl Item<'_> {
    pub(super) fn shape(&self) -> Option<&Shape> {
        self.patterns.first().map(|pattern| &pattern.shape)
    }

    /// What a reviewer approves who approves this.
    pub(super) fn digests(&self) -> Vec<&str> {
        self.patterns.iter().map(|pattern| pattern.digest.short()).collect()
    }
}

/// Each pattern by itself, but the halves of a replacement together.
fn halves<'a>(group: &Group<'a>) -> Vec<Vec<&'a Pattern>> {
    let place = |pattern: &Pattern| (pattern.shape.region.clone(), pattern.shape.kind.clone(), pattern.shape.name.clone());
    let made = |pattern: &Pattern| matches!(pattern.shape.action, Shaped::Create { replacing: true, .. });
    let cleared = |pattern: &Pattern| matches!(pattern.shape.action, Shaped::Delete { replacing: true, .. });
    let other = |one: &'a Pattern, half: &dyn Fn(&Pattern) -> bool| {
        group.patterns.iter().copied().find(|other| half(other) && place(other) == place(one))
    };
    let with_its_half = |pattern: &&'a Pattern| match (cleared(pattern), made(pattern)) {
        (true, _) => Some([*pattern].into_iter().chain(other(pattern, &made)).collect()),
        (_, true) if other(pattern, &cleared).is_some() => None,
        _ => Some(vec![*pattern]),
    };
    group.patterns.iter().filter_map(with_its_half).collect()
}

fn item<'a>(patterns: Vec<&'a Pattern>, source: &Source<'_>) -> Item<'a> {
    let shapes: Vec<&Shape> = patterns.iter().map(|pattern| &pattern.shape).collect();
    let count = patterns.first().map_or(0, |pattern| pattern.members.len());
    let none = (Values::new(), Facts::default());
    let of = |at: usize| -> (&Values, &Facts) {
        let account = patterns.first().and_then(|pattern| pattern.members.get(at)).map(|member| &member.account);
        let found = account.and_then(|account| Some((source.values.get(account)?, source.folded.facts.get(account)?)));
        found.unwrap_or((&none.0, &none.1))
    };
    // An outlier holds its own values: what looks like a placeholder in it is none.
    let known = if count > 1 { of(0).0 } else { &none.0 };
    let mut variants = vec![Drawn::of(&shapes, known)];
    let mut variant = Vec::new();
    let mut asked = Vec::new();
    for at in 0..count {
        let members: Vec<&Member> = patterns.iter().filter_map(|pattern| pattern.members.get(at)).collect();
        asked.push(members.iter().find_map(|member| member.asked.as_ref()).map(by));
        let (values, facts) = of(at);
        variant.push(if count > 1 { fitting(&mut variants, &own(&members, source.plan), values, facts) } else { 0 });
    }
    Item { patterns, variants, variant, asked }
}

/// The steps of one account as they stand in the plan.
fn own(members: &[&Member], plan: &Plan) -> Drawn {
    let step = |member: &&Member| -> Option<&Step> { plan.waves.get(member.wave)?.accounts.get(&member.account)?.get(member.place) };
    let shapes: Vec<Shape> = members.iter().filter_map(step).map(Shape::of).collect();
    Drawn::of(&shapes.iter().collect::<Vec<_>>(), &Values::new())
}

/// The variant that gives these lines back; one more if none does.
fn fitting(variants: &mut Vec<Drawn>, own: &Drawn, values: &Values, facts: &Facts) -> usize {
    let text = own.filled(&Values::new());
    let found = variants.iter().position(|variant| variant.filled(values) == text);
    found.unwrap_or_else(|| {
        variants.push(own.folded(facts, values));
        variants.len() - 1
    })
}
