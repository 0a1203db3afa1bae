//! One step as lines: its sign, its resource, its fields or changes, and why to look.

use super::fields::{change, differences, fields};
use super::fold::{Shape, Shaped};
use super::paint::{Ink, Paint};
use crate::model::{Change, Concern, Name, Place, Region};
use serde_json::Value;

/// How deep fields stand beneath their step.
pub(super) const INDENT: &str = "      ";

/// A step to be shown, with who asked for it.
pub(super) type Shown<'a> = (&'a Shape, Option<&'a (Name, Place)>);

/// Steps of an account, or of accounts with the same steps, as lines. A replacement stands once, where its resource is deleted.
pub(super) fn steps(steps: &[Shown<'_>], full: bool, paint: Paint) -> Vec<String> {
    let mut lines = Vec::new();
    for (step, asked) in steps {
        let is_same = |other: &Shape| (&other.region, &other.kind, &other.name) == (&step.region, &step.kind, &step.name);
        let mut concerns: Vec<&Concern> = step.concerns.iter().collect();
        match &step.action {
            Shaped::Create { want, replacing: false } => lines.extend(create(step, want, paint)),
            // Shown with its delete; alone only when the delete was left out.
            Shaped::Create { want, replacing: true } => {
                if steps.iter().any(|(other, _)| is_same(other) && matches!(other.action, Shaped::Delete { .. })) {
                    continue;
                }
                lines.extend(create(step, want, paint));
            }
            Shaped::Update { live: _, want: _, changes } => lines.extend(update(step, changes, paint)),
            Shaped::Delete { live, replacing: true, why } => {
                let made_anew = steps.iter().map(|(other, _)| other).find(|other| is_same(other) && anew(&other.action).is_some());
                lines.extend(replace(step, live, made_anew.and_then(|other| anew(&other.action)), why, full, paint));
                let more = made_anew.into_iter().flat_map(|other| &other.concerns);
                concerns.extend(more.filter(|concern| !step.concerns.contains(concern)));
            }
            Shaped::Delete { live, replacing: false, why: _ } => lines.extend(delete(step, live, full, paint)),
        }
        lines.extend(concerns.into_iter().map(|concern| indented(&worry(concern, paint))));
        let asked = asked.filter(|_| full).map(by);
        lines.extend(asked.map(|asked| indented(&paint.text(Ink::Faint, &asked))));
    }
    lines
}

/// `asked by network, modules/network/module.yaml:23`.
pub(super) fn by((module, place): &(Name, Place)) -> String {
    format!("asked by {module}, {}", super::escape::line(&place.to_string()))
}

fn anew(action: &Shaped) -> Option<&Value> {
    if let Shaped::Create { want, replacing: true } = action { Some(want) } else { None }
}

fn create(step: &Shape, want: &Value, paint: Paint) -> Vec<String> {
    let heading = paint.text(Ink::Added, &format!("  + {}", resource(step)));
    [heading].into_iter().chain(fields(want).iter().map(|line| indented(line))).collect()
}

fn update(step: &Shape, changes: &[Change], paint: Paint) -> Vec<String> {
    let heading = paint.text(Ink::Changed, &format!("  ~ {}", resource(step)));
    let changes = changes.iter().flat_map(|one| change(one, paint));
    [heading].into_iter().chain(changes.map(|line| indented(&line))).collect()
}

fn replace(step: &Shape, live: &Value, want: Option<&Value>, why: &[Change], full: bool, paint: Paint) -> Vec<String> {
    let heading = paint.text(Ink::Removed, &format!("-/+ {} (replaced)", resource(step)));
    // Besides what demands the replacement, the new one may differ in fields that could have changed in place.
    let others = want.map(|want| differences(live, want, why)).unwrap_or_default();
    let changes = why.iter().chain(&others).flat_map(|one| change(one, paint));
    let fields = want.filter(|_| full).map(fields).unwrap_or_default();
    [heading].into_iter().chain(changes.chain(fields).map(|line| indented(&line))).collect()
}

fn delete(step: &Shape, live: &Value, full: bool, paint: Paint) -> Vec<String> {
    let heading = paint.text(Ink::Removed, &format!("  - {}", resource(step)));
    let fields = if full { fields(live) } else { Vec::new() };
    [heading].into_iter().chain(fields.iter().map(|line| indented(line))).collect()
}

/// `vpc main (us-west-2)`: the account stands above.
pub(super) fn resource(step: &Shape) -> String {
    let Shape { region, kind, name, action: _, concerns: _ } = step;
    let global = *region == Region::GLOBAL.to_string();
    super::escape::line(&if global { format!("{kind} {name}") } else { format!("{kind} {name} ({region})") })
}

fn worry(concern: &Concern, paint: Paint) -> String {
    let Concern { risk, why } = concern;
    paint.risk(*risk, &format!("! {risk}: {}", super::escape::line(why)))
}

fn indented(line: &str) -> String {
    format!("{INDENT}{line}")
}

#[cfg(test)]
mod tests {
    use crate::model::{Concern, Risk};
    use crate::plan::{Report, Step};
    use crate::render::made::{self, create, delete, update};
    use crate::render::{Options, text};

    const AT: &str = "pay/prod/global/iam-role/ci";
    const FIELDS: &str = "\n      tags  = for: ci\n      trust = Version: 2012-10-17";

    fn worried(mut step: Step, why: &[&str]) -> Step {
        step.concerns = why.iter().map(|why| Concern { risk: Risk::Dangerous, why: (*why).to_owned() }).collect();
        step
    }

    /// What is said of these steps, without the heading and the sum.
    fn said(steps: Vec<Step>, full: bool) -> String {
        let plan = made::plan([("prod", steps)]);
        let text = text(&plan, &Report { accounts: 1, ..Report::default() }, Options { color: false, full });
        let (_, rest) = text.split_once("pay/prod\n").unwrap();
        rest.rsplit_once("\n\n").unwrap().0.to_owned()
    }

    #[test]
    fn a_replacement_is_shown_once_with_the_worries_of_both_halves_once() {
        let halves = || vec![worried(delete(AT, true), &["it is gone"]), worried(create(AT, true), &["it is gone", "it is new"])];
        assert_eq!(said(halves(), false), "-/+ iam-role ci (replaced)\n      ! dangerous: it is gone\n      ! dangerous: it is new");
        assert!(said(halves(), true).contains(FIELDS), "in full with its fields");
        let other = create("pay/prod/global/iam-role/other", true);
        let with_another = said([vec![delete(AT, true)], vec![other]].concat(), true);
        assert_eq!(with_another, format!("-/+ iam-role ci (replaced)\n  + iam-role other{FIELDS}"), "of another one it is no half");
    }

    #[test]
    fn a_half_whose_other_half_was_left_out_is_shown_alone() {
        assert_eq!(said(vec![create(AT, true)], false), format!("  + iam-role ci{FIELDS}"));
        assert_eq!(said(vec![delete(AT, true)], false), "-/+ iam-role ci (replaced)");
    }

    #[test]
    fn in_full_it_is_said_who_asked_and_what_goes() {
        let place = crate::model::Place { file: "modules/ci/module.yaml".into(), line: 7 };
        let asked = Step { asked: Some((made::name("ci"), place)), ..update(AT) };
        assert_eq!(said(vec![asked.clone()], false), "  ~ iam-role ci\n      tags.for: ci → people");
        assert_eq!(said(vec![asked], true), "  ~ iam-role ci\n      tags.for: ci → people\n      asked by ci, modules/ci/module.yaml:7");
        let gone = vec![delete(AT, false)];
        assert_eq!((said(gone.clone(), false), said(gone, true)), ("  - iam-role ci".to_owned(), format!("  - iam-role ci{FIELDS}")));
    }
}
