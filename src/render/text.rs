//! The plan for a terminal: what blocks, then wave by wave and account by account, then what else to know, then the sum.

use super::counts::{Counts, many};
use super::fold::{Alike, fold};
use super::paint::{Ink, Paint};
use super::{notes, step};
use crate::model::{Account, Digest, Risk, Severity, show};
use crate::plan::{Action, Plan, Report, Step, Wave};
use std::collections::BTreeMap;

/// How to show a plan as text.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// With ANSI colours.
    pub color: bool,
    /// Everything, unfolded: every account, every note, and for each step its fields and who asked for it.
    pub full: bool,
}

/// Where each shape of step was shown first.
type Shown<'a> = BTreeMap<Digest, &'a Account>;

/// A plan and its report as people read them.
pub fn text(plan: &Plan, report: &Report, options: Options) -> String {
    let Options { color, full } = options;
    let paint = Paint { color };
    let mut lines = notes::notes(&report.notes, |severity| severity == Severity::Blocking, full, paint);
    let mut shown = Shown::new();
    for wave in &plan.waves {
        lines.extend([paint.text(Ink::Heading, &format!("# {}", wave.name)), String::new()]);
        if full {
            let steps = |steps: &'_ Vec<Step>| step::steps(&steps.iter().collect::<Vec<_>>(), full, paint);
            lines.extend(wave.accounts.iter().flat_map(|(at, all)| account(at, steps(all), paint)));
        } else {
            lines.extend(folded(wave, &mut shown, paint));
        }
    }
    lines.extend(notes::notes(&report.notes, |severity| severity != Severity::Blocking, full, paint));
    lines.push(paint.text(Ink::Heading, &Counts::of(plan, report).sentence(report.accounts)));
    lines.join("\n") + "\n"
}

/// The accounts of a wave, each shape of step once in all waves, and accounts of the same shapes together.
fn folded<'a>(wave: &'a Wave, shown: &mut Shown<'a>, paint: Paint) -> Vec<String> {
    let mut lines = Vec::new();
    for Alike { first, steps, others } in fold(&wave.accounts) {
        let is_known = |(step, shape): &&(&Step, Digest)| is_foldable(step) && shown.get(shape).is_some_and(|at| *at != first);
        let (known, new): (Vec<_>, Vec<_>) = steps.iter().partition(is_known);
        let places = known.iter().filter_map(|(_, shape)| shown.get(shape).copied()).collect();
        let only = |steps: &[&(&'a Step, Digest)]| steps.iter().map(|(step, _)| *step).collect::<Vec<_>>();
        let repeated = step::repeated(&only(&known), &places, paint);
        let new_lines = step::steps(&only(&new), false, paint);
        lines.extend(account(first, repeated.into_iter().chain(new_lines).collect(), paint));
        if !others.is_empty() {
            let alike = format!("and {}, the same but for names and ranges: {}", many(others.len(), "more account"), show(others));
            lines.extend([paint.text(Ink::Faint, &alike), String::new()]);
        }
        for (_, shape) in &steps {
            shown.entry(shape.clone()).or_insert(first);
        }
    }
    lines
}

/// Whatever is dangerous is shown in every account that differs, and so is each half of a replacement.
fn is_foldable(step: &Step) -> bool {
    let makes = matches!(step.action, Action::Create { replacing: false, .. } | Action::Update { .. });
    makes && step.risk() < Risk::Dangerous
}

fn account(account: &Account, steps: Vec<String>, paint: Paint) -> Vec<String> {
    let heading = paint.text(Ink::Heading, &account.to_string());
    [heading].into_iter().chain(steps).chain([String::new()]).collect()
}
