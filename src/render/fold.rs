//! Steps and accounts that are the same but for their own names and ranges, to be shown once. Folds only what is equal after the
//! names of domain, environment and team are taken out; whatever else differs stays apart.

use crate::kinds::{Cidr, Spec};
use crate::model::{Account, Address, Digest, canonical};
use crate::plan::{Action, Step};
use ipnet::Ipv4Net;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// Accounts of one wave with steps of the same shapes: the first, and those that are like it.
pub(super) struct Alike<'a> {
    pub first: &'a Account,
    pub steps: Vec<(&'a Step, Digest)>,
    pub others: Vec<&'a Account>,
}

/// The accounts of a wave by the shapes of their steps, in the order of the first of each.
pub(super) fn fold(accounts: &BTreeMap<Account, Vec<Step>>) -> Vec<Alike<'_>> {
    let mut places: BTreeMap<Vec<Digest>, usize> = BTreeMap::new();
    let mut folded: Vec<Alike> = Vec::new();
    for (account, steps) in accounts {
        let shapes = shapes(account, steps);
        let place = *places.entry(shapes.clone()).or_insert(folded.len());
        match folded.get_mut(place) {
            Some(alike) => alike.others.push(account),
            None => folded.push(Alike { first: account, steps: steps.iter().zip(shapes).collect(), others: Vec::new() }),
        }
    }
    folded
}

/// What is left of each step without what is the account's own.
fn shapes(account: &Account, steps: &[Step]) -> Vec<Digest> {
    let own: Vec<(&str, &str)> = match account {
        Account::Management => Vec::new(),
        Account::Member { domain, environment } => vec![(domain.as_str(), "<domain>"), (environment.as_str(), "<environment>")],
    };
    let shape = |step: &Step| {
        let Step { address, action, after, concerns, asked } = step;
        let Address { account: _, region, kind, name } = address;
        let asked = asked.as_ref().map(|(module, _)| module);
        let text = canonical(&(region, kind, name, neutral(action), after, concerns, asked));
        Digest::of(&own.iter().fold(text, |text, (name, by)| without(&text, name, by)))
    };
    steps.iter().map(shape).collect()
}

/// The action with every range that the planner may have chosen reduced to its size, and without the name of the team.
fn neutral(action: &Action) -> Action {
    let mut action = action.clone();
    let reduce = |spec: &mut Spec| {
        // By its tag and not as a word: a team may be called like its domain, and only some are.
        if let Some(team) = spec.tags().and_then(|tags| tags.get_mut("team")) {
            *team = "<team>".to_owned();
        }
        let cidr = match spec {
            Spec::Vpc(vpc) => &mut vpc.cidr,
            Spec::Subnet(subnet) => &mut subnet.cidr,
            _ => return,
        };
        let size = cidr.fixed().and_then(|range| Ipv4Net::new(Ipv4Addr::UNSPECIFIED, range.prefix_len()).ok());
        *cidr = size.map_or(*cidr, Cidr::Fixed);
    };
    match &mut action {
        Action::Create { want, replacing: _ } => reduce(want),
        Action::Update { live, want, changes: _ } => {
            reduce(live);
            reduce(want);
        }
        Action::Delete { live, replacing: _, why: _ } => reduce(live),
    }
    action
}

/// The text with every occurrence of a name as a whole word replaced.
fn without(text: &str, name: &str, by: &str) -> String {
    let mut shaped = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(name).filter(|_| !name.is_empty()) {
        let (before, from) = rest.split_at(at);
        let after = &from[name.len()..];
        let starts = !before.chars().next_back().or(shaped.chars().next_back()).is_some_and(char::is_alphanumeric);
        let ends = !after.chars().next().is_some_and(char::is_alphanumeric);
        shaped.push_str(before);
        shaped.push_str(if starts && ends { by } else { name });
        rest = after;
    }
    shaped + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_words_are_names() {
        assert_eq!(
            without("pay payments/pay, pay-api repay pay", "pay", "<domain>"),
            "<domain> payments/<domain>, <domain>-api repay <domain>"
        );
        assert_eq!(without("paypay", "pay", "<domain>"), "paypay");
    }
}
