//! Patterns of the same accounts together, so that twenty steps of thirty accounts are read as one thing.

use super::peers::{Crowd, among};
use super::{Folded, Pattern, Peers, Shaped};
use crate::model::{Account, Risk};
use crate::plan::Plan;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Patterns that have the same accounts and the same worst risk.
#[derive(Clone, Debug, PartialEq)]
pub struct Group<'a> {
    pub risk: Risk,
    pub accounts: Vec<&'a Account>,
    /// In the order of the plan.
    pub patterns: Vec<&'a Pattern>,
    /// Where almost all have it.
    pub peers: Vec<Peers<'a>>,
}

/// Under which heading a group is read, in the order of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    Dangerous,
    Outlier,
    Pattern,
}

impl Group<'_> {
    pub fn rank(&self) -> Rank {
        match (self.risk, self.is_outlier()) {
            (Risk::Dangerous, _) => Rank::Dangerous,
            (_, true) => Rank::Outlier,
            (_, false) => Rank::Pattern,
        }
    }

    /// Whether it is of one account, by name.
    pub fn is_outlier(&self) -> bool {
        self.accounts.len() == 1
    }

    /// Steps of all its accounts together.
    pub fn steps(&self) -> usize {
        self.patterns.iter().map(|pattern| pattern.members.len()).sum()
    }
}

/// The two halves of a replacement are read together, so the second is as dangerous as the first.
fn risk(pattern: &Pattern) -> Risk {
    if matches!(pattern.shape.action, Shaped::Create { replacing: true, .. }) { Risk::Dangerous } else { pattern.risk }
}

/// The groups of a folded plan: the worst first, outliers before patterns, then the largest.
pub fn groups<'a>(folded: &'a Folded, plan: &'a Plan) -> Vec<Group<'a>> {
    let crowd = Crowd::of(plan);
    let mut by: BTreeMap<(Reverse<Risk>, Vec<&Account>), Vec<&Pattern>> = BTreeMap::new();
    for pattern in &folded.patterns {
        by.entry((Reverse(risk(pattern)), pattern.accounts().collect())).or_default().push(pattern);
    }
    let group = |((Reverse(risk), accounts), mut patterns): ((Reverse<Risk>, Vec<&'a Account>), Vec<&'a Pattern>)| {
        patterns.sort_by_key(|pattern| pattern.members.first().map(|member| member.place));
        let peers = patterns.first().map(|pattern| among(&crowd, pattern)).unwrap_or_default();
        Group { risk, accounts, patterns, peers }
    };
    let mut groups: Vec<Group> = by.into_iter().map(group).collect();
    groups.sort_by_key(|group| (Reverse(group.risk), !group.is_outlier(), Reverse(group.accounts.len())));
    groups
}
