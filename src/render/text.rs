//! The plan for a terminal: what blocks, then the steps with the worst first and what is alike together, then what else to know, then the sum.

use super::counts::{Counts, many};
use super::fold::{Group, Pattern, Peers, Shape, fold, groups};
use super::paint::{Ink, Paint};
use super::{notes, rollout, step};
use crate::model::{Severity, show};
use crate::plan::{Plan, Report, Step};

/// How to show a plan as text.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// With ANSI colours.
    pub color: bool,
    /// Everything, unfolded: every account, every note, and for each step its fields and who asked for it.
    pub full: bool,
}

/// A plan and its report as people read them.
pub fn text(plan: &Plan, report: &Report, options: Options) -> String {
    let Options { color, full } = options;
    let paint = Paint { color };
    let mut lines = notes::notes(&report.notes, |severity| severity == Severity::Blocking, full, paint);
    lines.extend(if full { unfolded(plan, paint) } else { folded(plan, paint) });
    lines.extend(notes::notes(&report.notes, |severity| severity != Severity::Blocking, full, paint));
    lines.extend(rollout::line(plan));
    lines.push(paint.text(Ink::Heading, &Counts::of(plan, report).sentence(report.accounts)));
    lines.join("\n") + "\n"
}

/// Wave by wave and account by account, each in full.
fn unfolded(plan: &Plan, paint: Paint) -> Vec<String> {
    let mut lines = Vec::new();
    for wave in &plan.waves {
        lines.extend([paint.text(Ink::Heading, &format!("# {}", wave.name)), String::new()]);
        for (account, steps) in &wave.accounts {
            let shapes: Vec<Shape> = steps.iter().map(Shape::of).collect();
            let shown: Vec<step::Shown> = shapes.iter().zip(steps).map(|(shape, Step { asked, .. })| (shape, asked.as_ref())).collect();
            lines.push(paint.text(Ink::Heading, &account.to_string()));
            lines.extend(step::steps(&shown, true, paint));
            lines.push(String::new());
        }
    }
    lines
}

/// What is alike once, with the accounts that it is in.
fn folded(plan: &Plan, paint: Paint) -> Vec<String> {
    groups(&fold(plan), plan).iter().flat_map(|group| of_group(group, paint)).collect()
}

fn of_group(group: &Group, paint: Paint) -> Vec<String> {
    let Group { risk: _, accounts, patterns, peers } = group;
    let heading = match accounts.as_slice() {
        [only] => only.to_string(),
        all => format!("{}: {}", many(all.len(), "account"), show(all)),
    };
    let shown: Vec<step::Shown> = patterns.iter().map(|Pattern { shape, .. }| (shape, None)).collect();
    let mut lines = vec![paint.text(Ink::Heading, &heading)];
    lines.extend(peers.iter().map(|peers| paint.text(Ink::Changed, &format!("  {}", missing(peers)))));
    lines.extend(step::steps(&shown, false, paint));
    lines.push(String::new());
    lines
}

/// `27 of 28 prod accounts; not payments/prod`.
pub(in crate::render) fn missing(peers: &Peers) -> String {
    let Peers { environment, within, all, missing } = peers;
    format!("{within} of {all} {environment} accounts; not {}", show(missing))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::made::{create, plan};

    #[test]
    fn in_full_each_account_stands_under_its_wave_and_folded_what_is_alike_stands_once() {
        let plan = plan([
            ("dev", vec![create("a/dev/global/iam-role/ci", false), create("b/dev/global/iam-role/ci", false)]),
            ("prod", vec![create("a/prod/global/iam-role/ci", false)]),
        ]);
        let said = |full| text(&plan, &Report { accounts: 3, ..Report::default() }, Options { color: false, full });
        let headings =
            |text: String| text.lines().filter(|line| !line.starts_with(' ') && !line.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        let waves = "Waves: dev (2 accounts) → prod (1 account). A sick account holds back its domain.";
        let sum = "Plan: 3 to create, 0 to update, 0 to replace, 0 to delete in 3 accounts. Worst risk: routine.";
        assert_eq!(headings(said(true)), ["# dev", "a/dev", "b/dev", "# prod", "a/prod", waves, sum]);
        assert_eq!(headings(said(false)), ["3 accounts: a/dev, b/dev, a/prod", waves, sum]);
        assert_eq!((said(true).matches("+ iam-role ci").count(), said(false).matches("+ iam-role ci").count()), (3, 1));
    }
}
