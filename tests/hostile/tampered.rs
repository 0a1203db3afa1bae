//! A plan file that somebody got hold of: cut anywhere, changed anywhere, of another version, stolen from another estate. It is refused, or it
//! approves nothing that was not reviewed.

use crate::targets::estate;
use landfall::model::Digest;
use landfall::plan::{ApprovedPlan, BadFile, Live, PlanFile, plan};
use std::collections::BTreeSet;

fn file() -> PlanFile {
    let (plan, report) = plan(&estate(), &Live::default());
    PlanFile::of(plan, report)
}

#[test]
fn cut_anywhere_it_is_refused() {
    let text = file().to_json();
    for at in (0..text.len() - 1).step_by(97).chain(text.len() - 40..text.len() - 1) {
        assert!(matches!(PlanFile::read(&text[..at]), Err(BadFile::Unreadable(_))), "cut after {at} of {} bytes", text.len());
    }
}

#[test]
fn with_any_value_of_its_plan_changed_it_is_refused() {
    let written = serde_json::to_value(file()).unwrap();
    let mut places = Vec::new();
    leaves(&written["plan"], "/plan".to_owned(), &mut places);
    assert!(places.len() > 200, "{} values", places.len());
    for place in places {
        let mut changed = written.clone();
        let value = changed.pointer_mut(&place).unwrap();
        *value = match &*value {
            serde_json::Value::String(text) => format!("{text}x").into(),
            serde_json::Value::Number(number) => (number.as_u64().unwrap_or_default() + 1).into(),
            serde_json::Value::Bool(is) => (!is).into(),
            _ => "something".into(),
        };
        let read = PlanFile::read(&changed.to_string());
        assert!(read.is_err(), "{place} was changed, and nobody noticed");
    }
}

fn leaves(value: &serde_json::Value, place: String, into: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(fields) if !fields.is_empty() => {
            let escaped = |key: &str| key.replace('~', "~0").replace('/', "~1");
            fields.iter().for_each(|(key, value)| leaves(value, format!("{place}/{}", escaped(key)), into));
        }
        serde_json::Value::Array(all) if !all.is_empty() => {
            all.iter().enumerate().for_each(|(at, value)| leaves(value, format!("{place}/{at}"), into));
        }
        // Who asked for a step is for readers, and part of the digest all the same.
        _ => into.push(place),
    }
}

#[test]
fn of_another_version_it_is_refused_by_its_number() {
    let file = file();
    for format in [0, 1, 2, u32::MAX] {
        let other = PlanFile { format, ..file.clone() };
        assert_eq!(PlanFile::read(&other.to_json()), Err(BadFile::Format(format.into())));
    }
    let huge = file.to_json().replacen(&format!("\"format\":{}", file.format), "\"format\":18446744073709551616", 1);
    assert!(matches!(PlanFile::read(&huge), Err(BadFile::Unreadable(_))), "a number that is none of ours");
}

/// Whoever can write a digest can make a file that reads. It says what it would do, and does nothing that was not reviewed.
#[test]
fn forged_with_a_digest_of_its_own_it_approves_nothing() {
    let reviewed = file().reviewed();
    let mut forged = file().plan;
    for step in forged.waves.iter_mut().flat_map(|wave| wave.accounts.values_mut()).flatten() {
        if let landfall::plan::Action::Create { want, .. } = &mut step.action
            && let Some(tags) = want.tags()
        {
            tags.insert("owner".to_owned(), "mallory".to_owned());
        }
    }
    let read = PlanFile::read(&PlanFile::of(forged, file().report).to_json()).expect("a digest is no signature");
    let changed: BTreeSet<Digest> = read.reviewed().difference(&reviewed).cloned().collect();
    assert!(!changed.is_empty());
    let (approved, withheld) = ApprovedPlan::of(read.plan, &reviewed);
    assert!(approved.plan().steps().all(|step| reviewed.contains(&step.digest())), "what nobody saw was approved");
    assert!(withheld.iter().any(|step| changed.contains(&step.digest())));
}
