//! How a plan reaches the accounts, in one line: its waves with what they demand. Says nothing where the files ask for nothing in particular.

use super::counts::many;
use super::escape;
use crate::model::Environment;
use crate::plan::{Parallel, Plan, Rollout, Sick, WaveRules, show_seconds};

/// The waves with steps and the rules of each; none for one environment after the other, which goes without saying.
pub(super) fn line(plan: &Plan) -> Option<String> {
    if plan.is_empty() || is_plain(&plan.rollout) {
        return None;
    }
    let waves = plan.waves.iter().filter(|wave| !wave.accounts.is_empty()).map(|wave| {
        let rules = plan.rollout.rules(&wave.name).map(rules).unwrap_or_default();
        let all = [vec![many(wave.accounts.len(), "account")], rules].concat();
        format!("{} ({})", wave.name, all.join(", "))
    });
    let sick = match plan.rollout.sick {
        Sick::Domain => "A sick account holds back its domain",
        Sick::Estate => "A sick account holds back all",
    };
    Some(escape::line(&format!("Waves: {}. {sick}.", waves.collect::<Vec<_>>().join(" → "))))
}

/// Whether it is one environment after the other, with the rules of a file that says nothing.
fn is_plain(rollout: &Rollout) -> bool {
    let names = rollout.waves.iter().map(|wave| wave.name.as_str());
    rollout.sick == Sick::default() && names.eq(Environment::ALL.map(Environment::as_str)) && rollout.waves.iter().all(WaveRules::is_plain)
}

fn rules(rules: &WaveRules) -> Vec<String> {
    let parallel = rules.parallel.map(|Parallel { start, grow, most }| format!("{start} at once, then ×{grow} up to {most}"));
    let tolerate = rules.tolerate.map(|tolerate| format!("{tolerate} may fail"));
    let bake = (rules.bake_seconds > 0).then(|| format!("bakes {}", show_seconds(rules.bake_seconds)));
    [parallel, tolerate, bake].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Tolerance;
    use crate::render::made::{create, name, plan};
    use std::collections::BTreeSet;

    /// One environment after the other, by a file that says nothing more.
    fn plain() -> Rollout {
        let rules = |each: Environment| WaveRules::of(each, BTreeSet::new(), name(each.as_str()));
        Rollout { waves: Environment::ALL.map(rules).into(), ..Rollout::default() }
    }

    fn said(rollout: Rollout) -> Option<String> {
        let steps = ["a/dev", "b/dev"].map(|account| create(&format!("{account}/global/iam-role/ci"), false));
        let waves = [("dev", steps.to_vec()), ("stage", vec![]), ("prod", vec![create("a/prod/global/iam-role/ci", false)])];
        line(&Plan { rollout, ..plan(waves) })
    }

    #[test]
    fn what_goes_without_saying_is_not_said() {
        assert_eq!(said(plain()), None);
        let parallel = Parallel { start: 1, grow: 2, most: 8 };
        let mut asking = [plain(), plain(), plain(), plain(), plain()];
        asking[0].sick = Sick::Estate;
        asking[1].waves[0].name = name("first");
        asking[2].waves[2].parallel = Some(parallel);
        asking[3].waves[0].tolerate = Some(Tolerance::Count(1));
        asking[4].waves[0].bake_seconds = 1;
        assert!(asking.map(said).iter().all(Option::is_some));
        assert_eq!(line(&Plan { rollout: Rollout { sick: Sick::Estate, ..plain() }, ..plan([]) }), None, "nothing reaches anybody");
    }

    #[test]
    fn waves_with_steps_are_said_with_their_rules() {
        let mut rollout = plain();
        rollout.waves[0].parallel = Some(Parallel { start: 1, grow: 2, most: 8 });
        rollout.waves[0].tolerate = Some(Tolerance::Percent(5));
        rollout.waves[0].bake_seconds = 600;
        let waves = "Waves: dev (2 accounts, 1 at once, then ×2 up to 8, 5% may fail, bakes 10m) → prod (1 account)";
        assert_eq!(said(rollout.clone()), Some(format!("{waves}. A sick account holds back its domain.")));
        rollout.sick = Sick::Estate;
        assert_eq!(said(rollout), Some(format!("{waves}. A sick account holds back all.")));
    }
}
