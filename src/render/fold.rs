//! Accounts whose steps are the same but for their own names and ranges: shown once, and listed. Folds only what is equal after the
//! substitution; whatever else differs keeps an account apart.

use crate::kinds::{Cidr, Spec};
use crate::model::{Account, Address};
use crate::plan::{Action, Step, canonical};
use ipnet::Ipv4Net;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// Accounts of one wave with steps of one shape: the first, and those that are like it.
pub(super) struct Alike<'a> {
    pub first: &'a Account,
    pub steps: &'a [Step],
    pub others: Vec<&'a Account>,
}

/// The accounts of a wave by the shape of their steps, in the order of the first of each.
pub(super) fn fold(accounts: &BTreeMap<Account, Vec<Step>>) -> Vec<Alike<'_>> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut folded: Vec<Alike> = Vec::new();
    for (account, steps) in accounts {
        let place = *places.entry(shape(account, steps)).or_insert(folded.len());
        match folded.get_mut(place) {
            Some(alike) => alike.others.push(account),
            None => folded.push(Alike { first: account, steps, others: Vec::new() }),
        }
    }
    folded
}

/// The steps as text, without what is the account's own.
fn shape(account: &Account, steps: &[Step]) -> String {
    let Account::Member { domain, environment: _ } = account else { return canonical(&steps) };
    let shapes: Vec<_> = steps
        .iter()
        .map(|step| {
            let Step { address, action, after, concerns, asked } = step;
            let Address { account: _, region, kind, name } = address;
            (region, kind, name, unranged(action), after, concerns, asked.as_ref().map(|(module, _)| module))
        })
        .collect();
    let team = steps.iter().find_map(|step| team(step.action.after().or(step.action.before())?));
    let text = without(&canonical(&shapes), domain.as_str(), "<domain>");
    team.map_or(text.clone(), |team| without(&text, &team, "<team>"))
}

fn team(spec: &Spec) -> Option<String> {
    spec.clone().tags()?.get("team").cloned()
}

/// The action with every range that the planner may have chosen reduced to its size.
fn unranged(action: &Action) -> Action {
    let mut action = action.clone();
    let reduce = |spec: &mut Spec| {
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
