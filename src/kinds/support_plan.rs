//! `support-plan`: the tier of AWS Support that an account has. AWS has no operation for it: it is read from what the Support API reveals,
//! and changed by a support case, which people answer. Never asks twice.

use super::support_cases::{self, Asked};
use super::{Driver, Kind, Scope, Seen, Tags};
use crate::aws::{CallError, Session};
use crate::model::{Address, Change, Effect, KindName, Name, Reference, RemoteId, Risk};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// The support plan of an account. The resource is named `main`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SupportPlan {
    /// The tier. AWS reveals how severe a case may be and no more, so `enterprise-on-ramp` and `enterprise` can't be told apart once either is there.
    pub tier: Tier,
    /// Found, never declared: what was asked for, and in which case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub pending: Option<Pending>,
}

/// A tier of AWS Support.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    Basic,
    Developer,
    Business,
    EnterpriseOnRamp,
    Enterprise,
}

/// A change that AWS was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pending {
    pub tier: Tier,
    pub case: String,
    pub is_open: bool,
}

impl Kind for SupportPlan {
    const NAME: KindName = KindName::new("support-plan");
    const SCOPE: Scope = Scope::Managed;
    const SETTING: bool = true;
    const OPTIONAL: bool = true;
    const ABOUT: &'static str = "An account's tier of AWS Support: read from the severity levels it has, changed by one support case for many accounts.";
    const REFERS: &'static [KindName] = &[];
    const READS: &'static [&'static str] =
        &["support:DescribeSeverityLevels", "support:DescribeCases", "support:DescribeCommunications"];
    const WRITES: &'static [&'static str] = &["support:CreateCase", "support:AddCommunicationToCase"];
    const INSIDE: &'static [&'static str] = &["support:DescribeSeverityLevels"];

    fn changes(live: &SupportPlan, want: &SupportPlan) -> Vec<Change> {
        let SupportPlan { tier, pending } = live;
        let SupportPlan { tier: want_tier, pending: _ } = want;
        if tier.looks_like(*want_tier) {
            return Vec::new();
        }
        let change = Change::between("tier", Some(tier.to_string()), Some(want_tier.to_string()));
        let change = match pending.as_ref().filter(|pending| pending.tier == *want_tier) {
            Some(Pending { tier: _, case, is_open: true }) => change.awaited(format!("asked for in support case {case}, which is open")),
            Some(Pending { tier: _, case, is_open: false }) => {
                change.awaited(format!("support case {case} was resolved, and the plan does not show yet; reopen it if that lasts"))
            }
            None if want_tier < tier => change.concerning(Risk::Dangerous, "gives up support that the account has"),
            None => change.concerning(Risk::Notable, "a support plan costs a share of the account's bill, with a minimum"),
        };
        vec![change]
    }

    fn needs(&self) -> BTreeSet<Reference> {
        BTreeSet::new()
    }

    fn rebind(&self, _: &Reference) -> Effect {
        Effect::InPlace
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        None
    }
}

impl Tier {
    const ALL: [Tier; 5] = [Tier::Basic, Tier::Developer, Tier::Business, Tier::EnterpriseOnRamp, Tier::Enterprise];

    fn as_str(self) -> &'static str {
        match self {
            Tier::Basic => "basic",
            Tier::Developer => "developer",
            Tier::Business => "business",
            Tier::EnterpriseOnRamp => "enterprise-on-ramp",
            Tier::Enterprise => "enterprise",
        }
    }

    /// Whether an account of the one tier shows the same severity levels as one of the other.
    fn looks_like(self, other: Tier) -> bool {
        let shown = |tier| if tier == Tier::EnterpriseOnRamp { Tier::Enterprise } else { tier };
        shown(self) == shown(other)
    }

    /// The tier of an account that has these severity levels (Support API Reference, "SeverityLevel": their availability depends on the
    /// plan). Developer has the two lowest, Business two more, and both kinds of Enterprise the critical one.
    fn of_levels(codes: &BTreeSet<&str>) -> Tier {
        let highest = [("critical", Tier::Enterprise), ("urgent", Tier::Business), ("high", Tier::Business), ("normal", Tier::Developer)];
        let found = highest.into_iter().find(|(code, _)| codes.contains(code));
        found.map_or(Tier::Basic, |(_, tier)| tier)
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Tier {
    type Err = String;

    fn from_str(text: &str) -> Result<Tier, String> {
        let found = Tier::ALL.into_iter().find(|tier| tier.as_str() == text);
        found.ok_or_else(|| format!("{text:?} is no support plan"))
    }
}

/// What the Support API answers in accounts on the basic plan.
const UNSUBSCRIBED: &str = "SubscriptionRequiredException";

impl Driver for SupportPlan {
    /// Asked only where one is declared: a run need not know the plan of every account, and cases are slow to list.
    async fn read(at: &Session) -> Result<Vec<Seen<SupportPlan>>, CallError> {
        let mut seen = Vec::new();
        for name in at.declared(&Self::NAME) {
            seen.push(see(at, name).await?);
        }
        Ok(seen)
    }

    async fn find(at: &Session, address: &Address) -> Result<Option<Seen<SupportPlan>>, CallError> {
        see(at, address.name.clone()).await.map(Some)
    }

    async fn create(at: &Session, _: &Address, want: &SupportPlan) -> Result<RemoteId, CallError> {
        ask(at, want).await.map(|()| at.account_id().clone())
    }

    async fn update(at: &Session, _: &Address, _: &RemoteId, want: &SupportPlan, _: &[Change]) -> Result<(), CallError> {
        ask(at, want).await
    }

    /// An account is never without a plan.
    async fn delete(_: &Session, _: &Address, _: &RemoteId, _: &SupportPlan) -> Result<(), CallError> {
        Ok(())
    }
}

async fn ask(at: &Session, want: &SupportPlan) -> Result<(), CallError> {
    let asked = support_cases::ask(at, at.account_id(), want.tier).await;
    asked.map_err(|error| match error.code.as_deref() {
        Some(UNSUBSCRIBED) => {
            let message = "the management account has no plan that opens the Support API: raise its own plan in the console first".to_owned();
            CallError { message, ..error }
        }
        _ => error,
    })
}

async fn see(at: &Session, name: Name) -> Result<Seen<SupportPlan>, CallError> {
    let tier = tier(at.inside().await?).await?;
    let pending = match support_cases::asked(at, at.account_id()).await {
        Ok(asked) => asked,
        // Then it can't have asked for anything either.
        Err(error) if error.code.as_deref() == Some(UNSUBSCRIBED) => None,
        Err(error) => return Err(error),
    };
    let pending = pending.filter(|asked| !asked.tier.looks_like(tier));
    let pending = pending.map(|Asked { tier, case, is_open }| Pending { tier, case, is_open });
    Ok(Seen { id: at.account_id().clone(), name: Some(name), spec: SupportPlan { tier, pending } })
}

/// The tier of a session's own account.
async fn tier(inside: &Session) -> Result<Tier, CallError> {
    let support = inside.elsewhere(&support_cases::region(inside));
    let answer = support.support().describe_severity_levels().language("en").send().await.map_err(CallError::from);
    match answer {
        Ok(answer) => Ok(Tier::of_levels(&answer.severity_levels().iter().filter_map(|level| level.code()).collect())),
        Err(error) if error.code.as_deref() == Some(UNSUBSCRIBED) => Ok(Tier::Basic),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(tier: Tier, pending: Option<(Tier, bool)>) -> SupportPlan {
        SupportPlan { tier, pending: pending.map(|(tier, is_open)| Pending { tier, case: "12345".into(), is_open }) }
    }

    #[test]
    fn the_tier_is_inferred_from_the_severity_levels() {
        let tier = |codes: &[&'static str]| Tier::of_levels(&codes.iter().copied().collect());
        assert_eq!(tier(&[]), Tier::Basic);
        assert_eq!(tier(&["low"]), Tier::Basic);
        assert_eq!(tier(&["low", "normal"]), Tier::Developer);
        assert_eq!(tier(&["low", "normal", "high", "urgent"]), Tier::Business);
        assert_eq!(tier(&["low", "normal", "high", "urgent", "critical"]), Tier::Enterprise);
        assert_eq!(tier(&["catastrophic"]), Tier::Basic, "an unknown level tells nothing");
    }

    #[test]
    fn what_was_asked_for_is_pending_and_no_drift() {
        let told = |live: SupportPlan, want: Tier| {
            let changes = SupportPlan::changes(&live, &plan(want, None)).into_iter();
            changes.map(|change| (change.effect, change.concern.unwrap().why)).collect::<Vec<_>>()
        };
        let open = "asked for in support case 12345, which is open".to_owned();
        assert_eq!(told(plan(Tier::Basic, Some((Tier::Business, true))), Tier::Business), [(Effect::Awaited, open)]);
        assert_eq!(told(plan(Tier::Basic, Some((Tier::Business, false))), Tier::Business)[0].0, Effect::Awaited);
        assert_eq!(told(plan(Tier::Basic, Some((Tier::Business, true))), Tier::Enterprise)[0].0, Effect::InPlace);
        assert_eq!(told(plan(Tier::Business, None), Tier::Basic)[0].1, "gives up support that the account has");
        assert_eq!(told(plan(Tier::Enterprise, None), Tier::EnterpriseOnRamp), [], "AWS does not tell the two apart");
    }
}
