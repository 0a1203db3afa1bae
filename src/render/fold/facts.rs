//! What is an account's own: its names, email and ranges. Takes them out of a text, and puts them back in.

use crate::kinds::Spec;
use crate::model::Account;
use crate::plan::{Plan, Step};
use std::collections::BTreeMap;

/// What stands around a placeholder: no name, JSON key or value of ours holds them, and what does hold them is not folded.
pub const OPEN: char = '‹';
/// What ends one.
pub const CLOSE: char = '›';

/// The values of one account that its placeholders stand for, the longest value first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts(Vec<Fact>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Fact {
    value: String,
    placeholder: String,
}

impl Facts {
    /// What the plan tells of an account.
    pub(super) fn of(plan: &Plan, account: &Account, steps: &[Step]) -> Facts {
        let mut facts: BTreeMap<String, String> = BTreeMap::new();
        if let Account::Member { domain, environment } = account {
            facts.insert(domain.to_string(), "domain".to_owned());
            // A domain called like its environment would make the two indistinguishable; the first one stays.
            facts.entry(environment.to_string()).or_insert("environment".to_owned());
        }
        if let Some(email) = plan.emails.get(account) {
            facts.entry(email.clone()).or_insert("email".to_owned());
        }
        for step in steps {
            let name = format!("{}/{}", step.address.kind, step.address.name);
            for (spec, which) in [(step.action.after(), "range of"), (step.action.before(), "former range of")] {
                if let Some(range) = spec.and_then(Spec::range) {
                    facts.entry(range.to_string()).or_insert_with(|| format!("{which} {name}"));
                }
            }
        }
        let team = steps.iter().find_map(|step| team(step.action.after()?));
        // By its tag and not as a word: a team may be called like its domain, and only some are.
        let team = team.map(|team| Fact { value: format!("\"team\":\"{team}\""), placeholder: format!("\"team\":\"{OPEN}team{CLOSE}\"") });
        let named = facts.into_iter().map(|(value, name)| placeholder(value, &name)).chain(team);
        let mut facts: Vec<Fact> = named.filter(|fact| !fact.value.is_empty() && !fact.value.contains(OPEN)).collect();
        facts.sort_by(|one, other| other.value.len().cmp(&one.value.len()).then_with(|| one.value.cmp(&other.value)));
        Facts(facts)
    }

    /// The text with each value, where it stands as a whole word, replaced by its placeholder.
    pub fn take_out(&self, text: &str) -> String {
        let mut template = String::with_capacity(text.len());
        let bytes = text.as_bytes();
        // What is copied as it is, from here to where the next value begins.
        let (mut copied, mut at) = (0, 0);
        while at < bytes.len() {
            let found = self.0.iter().find(|fact| fact.value.as_bytes()[0] == bytes[at] && stands_at(text, at, &fact.value));
            match found {
                Some(fact) => {
                    template.push_str(&text[copied..at]);
                    template.push_str(&fact.placeholder);
                    at += fact.value.len();
                    copied = at;
                }
                None => at += 1,
            }
        }
        template.push_str(&text[copied..]);
        template
    }

    /// The template with each placeholder replaced by its value.
    pub(super) fn put_in(&self, template: &str) -> String {
        if !template.contains(OPEN) {
            return template.to_owned();
        }
        self.0.iter().fold(template.to_owned(), |text, fact| text.replace(&fact.placeholder, &fact.value))
    }

    /// The placeholders and their values, as a legend shows them.
    pub fn legend(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|fact| (fact.placeholder.as_str(), fact.value.as_str()))
    }
}

/// A range's size stays in sight: a /19 among /20s is no pattern.
fn placeholder(value: String, name: &str) -> Fact {
    let size = value.split_once('/').filter(|_| name.contains("range of")).map(|(_, size)| format!("/{size}")).unwrap_or_default();
    Fact { value, placeholder: format!("{OPEN}{name}{CLOSE}{size}") }
}

fn is_word(c: Option<char>) -> bool {
    c.is_some_and(char::is_alphanumeric)
}

/// Whether a value stands at a place as a whole word. A place inside a character begins no value.
fn stands_at(text: &str, at: usize, value: &str) -> bool {
    let Some(after) = text.get(at..).and_then(|rest| rest.strip_prefix(value)) else { return false };
    let starts = !is_word(value.chars().next()) || !is_word(text[..at].chars().next_back());
    let ends = !is_word(value.chars().next_back()) || !is_word(after.chars().next());
    starts && ends
}

fn team(spec: &Spec) -> Option<String> {
    let mut spec = spec.clone();
    spec.tags()?.get("team").cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(values: &[(&str, &str)]) -> Facts {
        Facts(values.iter().map(|(value, name)| placeholder((*value).to_owned(), name)).collect())
    }

    #[test]
    fn only_whole_words_are_taken_out() {
        let pay = facts(&[("10.1.0.0/20", "range of vpc/main"), ("pay", "domain")]);
        let cases = [
            ("pay payments/pay, pay-api repay pay", "‹domain› payments/‹domain›, ‹domain›-api repay ‹domain›"),
            ("paypay", "paypay"),
            ("10.1.0.0/20 10.1.0.0/200 110.1.0.0/20", "‹range of vpc/main›/20 10.1.0.0/200 110.1.0.0/20"),
            ("pay-pay pay", "‹domain›-‹domain› ‹domain›"),
            ("épay", "épay"),
        ];
        for (text, template) in cases {
            assert_eq!(pay.take_out(text), template);
            assert_eq!(pay.put_in(template), text);
        }
    }

    #[test]
    fn what_could_be_taken_for_a_placeholder_is_no_fact() {
        let mut plan = crate::render::made::plan([]);
        let account: Account = "pay/prod".parse().unwrap();
        let of = |plan: &Plan, text: &str| Facts::of(plan, &account, &[]).take_out(text);
        plan.emails.insert(account.clone(), "pay@acme.example".to_owned());
        assert_eq!(of(&plan, "to pay@acme.example in prod"), "to ‹email› in ‹environment›");
        for odd in ["‹domain›", ""] {
            plan.emails.insert(account.clone(), odd.to_owned());
            assert_eq!(of(&plan, "to ‹domain› in prod"), "to ‹domain› in ‹environment›");
        }
    }
}
