//! How much a plan does: the numbers of its summary.

use crate::model::{Risk, Severity};
use crate::plan::{Action, Plan, Report};

/// Steps by what they do; a replacement counts once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    pub create: usize,
    pub update: usize,
    pub replace: usize,
    pub delete: usize,
    /// Accounts with at least one step.
    pub accounts: usize,
    /// Resources that are as declared.
    pub unchanged: usize,
    /// Notes because of which steps were left out.
    pub blocking: usize,
    pub worst_risk: Risk,
}

impl Counts {
    pub fn of(plan: &Plan, report: &Report) -> Counts {
        let accounts = plan.waves.iter().map(|wave| wave.accounts.len()).sum();
        let blocking = report.notes.iter().filter(|note| note.severity == Severity::Blocking).count();
        let (unchanged, worst_risk) = (report.unchanged, plan.risk());
        let mut counts = Counts { create: 0, update: 0, replace: 0, delete: 0, accounts, unchanged, blocking, worst_risk };
        for step in plan.steps() {
            match &step.action {
                Action::Create { want: _, replacing: false } => counts.create += 1,
                Action::Create { want: _, replacing: true } => counts.replace += 1,
                Action::Update { .. } => counts.update += 1,
                Action::Delete { live: _, replacing: false, why: _ } => counts.delete += 1,
                Action::Delete { live: _, replacing: true, why: _ } => {}
            }
        }
        counts
    }

    /// The last line that a person reads.
    pub(super) fn sentence(&self, declared_accounts: usize) -> String {
        let risk = if self.steps() == 0 { String::new() } else { format!(" Worst risk: {}.", self.worst_risk) };
        match self.blocking {
            0 => self.done(declared_accounts) + &risk,
            count => format!("{}{risk}\nThe plan is not whole: {} above.", self.done(declared_accounts), many(count, "blocking note")),
        }
    }

    /// What is done, a replacement counted once.
    pub(super) fn steps(&self) -> usize {
        self.create + self.update + self.replace + self.delete
    }

    /// What is done, in a sentence.
    pub(super) fn done(&self, declared_accounts: usize) -> String {
        let Counts { create, update, replace, delete, accounts, unchanged, blocking, worst_risk: _ } = self;
        match (self.steps(), blocking) {
            (0, 0) => format!("No changes. {} and {} are as declared.", many(declared_accounts, "account"), many(*unchanged, "resource")),
            (0, _) if *unchanged == 0 => "Nothing could be planned.".to_owned(),
            (0, _) => format!("No changes in what could be planned. {} are as declared.", many(*unchanged, "resource")),
            _ => format!(
                "Plan: {create} to create, {update} to update, {replace} to replace, {delete} to delete in {}.",
                many(*accounts, "account")
            ),
        }
    }
}

/// A number and what it counts: `1 account`, `30 accounts`.
pub fn many(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Note, Subject};
    use crate::render::made;

    fn report(unchanged: usize, blocking: usize) -> Report {
        let note = |severity| Note::new(severity, Subject::Estate, "of the estate", "more");
        let notes = [vec![note(Severity::Blocking); blocking], vec![note(Severity::Warning)]].concat();
        Report { notes, unchanged, accounts: 30 }
    }

    #[test]
    fn a_replacement_counts_once_and_warnings_leave_nothing_out() {
        let at = |name: &str| format!("pay/prod/global/iam-role/{name}");
        let steps = vec![
            made::create(&at("a"), false),
            made::update(&at("b")),
            made::delete(&at("c"), true),
            made::create(&at("c"), true),
            made::delete(&at("d"), false),
        ];
        let plan = made::plan([("dev", vec![made::create("pay/dev/global/iam-role/a", false)]), ("prod", steps)]);
        let counts = Counts::of(&plan, &report(7, 0));
        assert_eq!(counts.sentence(30), "Plan: 2 to create, 1 to update, 1 to replace, 1 to delete in 2 accounts. Worst risk: routine.");
        assert_eq!((counts.steps(), counts.unchanged, counts.blocking), (5, 7, 0));
    }

    #[test]
    fn no_changes_is_said_of_what_could_be_planned() {
        let said = |unchanged, blocking| Counts::of(&made::plan([]), &report(unchanged, blocking)).sentence(30);
        assert_eq!(said(1, 0), "No changes. 30 accounts and 1 resource are as declared.");
        assert_eq!(said(0, 2), "Nothing could be planned.\nThe plan is not whole: 2 blocking notes above.");
        assert_eq!(
            said(9, 1),
            "No changes in what could be planned. 9 resources are as declared.\nThe plan is not whole: 1 blocking note above."
        );
    }
}
