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
