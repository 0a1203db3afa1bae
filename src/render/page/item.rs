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
        variant.push(fitting(&mut variants, &own(&members, source.plan), values, facts));
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

#[cfg(test)]
mod tests {
    use super::super::drawn::values;
    use super::*;
    use crate::render::fold::{fold, groups};
    use serde_json::{Value, json};

    /// A plan with one security group in each of some domains; `describe` says how it is described.
    fn plan(domains: &[&str], describe: impl Fn(&str) -> String) -> Plan {
        let step = |domain: &str| {
            let group = json!({ "vpc": "vpc/main", "description": describe(domain), "tags": { "team": domain } });
            let want = (crate::kinds::row(&"security-group".parse().unwrap()).unwrap().parse)(group).unwrap();
            json!([{
                "address": format!("{domain}/prod/us-west-2/security-group/web"),
                "action": { "create": { "want": want, "replacing": false } },
                "asked": ["network", { "file": "modules/network/module.yaml", "line": 7 }],
            }])
        };
        let accounts: serde_json::Map<String, Value> = domains.iter().map(|domain| (format!("{domain}/prod"), step(domain))).collect();
        let emails: serde_json::Map<String, Value> = accounts.keys().map(|account| (account.clone(), json!("a@b.example"))).collect();
        let waves = json!([{ "name": "prod", "accounts": accounts }]);
        let rollout = crate::plan::Rollout::default();
        let plan = json!({ "estate": "acme", "home_region": "us-west-2", "access_role": "role", "approvals": {}, "rollout": rollout, "emails": emails, "waves": waves });
        serde_json::from_value(plan).unwrap()
    }

    /// How each account is shown, after it was held against its own step; and how many ways of showing that takes.
    fn shown(plan: &Plan) -> (Vec<String>, usize) {
        let folded = fold(plan);
        let groups = groups(&folded, plan);
        let values = folded.facts.iter().map(|(account, facts)| (account, values(facts))).collect();
        let source = Source { plan, folded: &folded, values };
        let mut shown = Vec::new();
        let mut variants = 0;
        for group in &groups {
            for item in items(group, &source) {
                variants += item.variants.len();
                for (at, account) in group.accounts.iter().enumerate() {
                    let text = item.variants[item.variant[at]].filled(&source.values[account]);
                    let step = &plan.waves[0].accounts[*account][0];
                    assert_eq!(text, Drawn::of(&[&Shape::of(step)], &Values::new()).filled(&Values::new()));
                    shown.push(text);
                }
            }
        }
        (shown, variants)
    }

    #[test]
    fn a_pattern_gives_each_account_its_own_step() {
        let (shown, variants) = shown(&plan(&["catalog", "payments"], |domain| format!("web of {domain}")));
        let of = |domain: &str| {
            format!(
                "  + security-group web (us-west-2)\ndescription = web of {domain}\ntags        = team: {domain}\nvpc         = vpc/main\n"
            )
        };
        assert_eq!((shown, variants), (vec![of("catalog"), of("payments")], 1));
    }

    #[test]
    fn where_lines_fall_differently_an_account_has_them_its_own_way() {
        let names = ["a", "b", "much-longer-than-the-others", "just-as-long-as-the-longest"];
        let (shown, variants) = shown(&plan(&names, |domain| format!("{domain} {}", "-".repeat(90))));
        assert_eq!((shown.len(), variants), (4, 2));
        assert!(shown.iter().any(|text| text.contains("description = \"much-longer-than-the-others ---")));
    }

    #[test]
    fn what_only_looks_like_a_placeholder_stays() {
        let looks = |domains: &[&str]| {
            let (shown, variants) = shown(&plan(domains, |_| "‹domain› \u{202e}<b>".to_owned()));
            (shown.iter().filter(|text| text.contains("description = ‹domain› \\u{202e}<b>")).count(), variants)
        };
        assert_eq!(looks(&["catalog", "payments"]).0, 2);
        assert_eq!(looks(&["catalog"]), (1, 1), "an outlier has one form, its own");
    }

    #[test]
    fn the_halves_of_a_replacement_stand_together_and_neither_is_lost() {
        use crate::model::{Concern, Risk};
        use crate::plan::Action;
        use crate::render::made;
        let halves = |domain: &str, before: &str| {
            let at = format!("{domain}/prod/global/iam-role/ci");
            let removal = Action::Delete { live: made::role(before), replacing: true, why: vec![] };
            let concerns = vec![Concern { risk: Risk::Dangerous, why: "others use it".to_owned() }];
            [Step { concerns, ..made::step(&at, removal) }, made::create(&at, true)]
        };
        let shown = |old: [&str; 2]| {
            let plan = made::plan([("prod", [halves("a", old[0]), halves("b", old[1])].concat())]);
            let folded = fold(&plan);
            let values = folded.facts.iter().map(|(account, facts)| (account, values(facts))).collect();
            let source = Source { plan: &plan, folded: &folded, values };
            let items: Vec<Item> = groups(&folded, &plan).iter().flat_map(|group| items(group, &source)).collect();
            let mut halves: Vec<usize> = items.iter().map(|item| item.patterns.len()).collect();
            halves.sort_unstable();
            halves
        };
        assert_eq!(shown(["old", "old"]), [2], "one pattern for both accounts");
        assert_eq!(shown(["old", "older"]), [1, 1, 1], "what each had was its own, and what it gets is the same");
    }
}
