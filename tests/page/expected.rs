//! What a page has to show of a plan, from the other two forms of it: the terminal's, in full, and that for programs.

use crate::plans::Planned;
use landfall::plan::{Action, Plan, Report, Step, Wave};
use landfall::render::{Options, json, text};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Each account's steps as text: the resource, why to look, the fields, who asked.
pub type Steps = BTreeMap<String, Vec<String>>;

/// How deep what belongs to a step stands beneath it in the terminal's form.
const INDENT: &str = "      ";

pub fn steps((plan, _): &Planned) -> Steps {
    let mut shown = Steps::new();
    for (wave, account, steps) in
        plan.waves.iter().flat_map(|wave| wave.accounts.iter().map(move |(account, steps)| (wave, account, steps)))
    {
        let is_made_anew = |step: &Step| matches!(step.action, Action::Create { replacing: true, .. });
        let own = shown.entry(account.to_string()).or_default();
        for step in steps.iter().filter(|step| !is_made_anew(step)) {
            let half = steps.iter().filter(|other| is_made_anew(other) && other.address == step.address);
            let alone = Wave {
                name: wave.name.clone(),
                accounts: BTreeMap::from([(account.clone(), [step].into_iter().chain(half).cloned().collect())]),
            };
            let alone = Plan { waves: vec![alone], ..plan.clone() };
            let text = text(&alone, &Report::default(), Options { color: false, full: true });
            let lines: Vec<&str> =
                text.lines().skip_while(|line| *line != account.to_string()).skip(1).take_while(|line| !line.is_empty()).collect();
            own.push(ordered(&lines.iter().map(|line| line.strip_prefix(INDENT).unwrap_or(line.trim_start())).collect::<Vec<_>>()));
        }
    }
    shown
}

/// The page says first why to look, and last who asked.
fn ordered(lines: &[&str]) -> String {
    let is_asked = |line: &&&str| line.starts_with("asked by ");
    let (concerns, fields): (Vec<&str>, Vec<&str>) =
        lines[1..].iter().filter(|line| !is_asked(line)).partition(|line| line.starts_with("! "));
    let asked: BTreeSet<&str> = lines.iter().filter(is_asked).copied().collect();
    assert!(asked.len() <= 1, "{asked:?}");
    let asked = asked.first().copied().unwrap_or("no longer asked for");
    [&lines[..1], &concerns, &fields, &[asked]].concat().join("\n")
}

/// The same steps as far as the form for programs tells: the resource and who asked.
pub fn outlines((plan, report): &Planned) -> Steps {
    let shown: Value = serde_json::from_str(&json(plan, report)).unwrap();
    let accounts = shown["waves"].as_array().unwrap().iter().flat_map(|wave| wave["accounts"].as_array().unwrap());
    let mut outlines = Steps::new();
    for account in accounts {
        let steps = account["steps"].as_array().unwrap();
        let own = outlines.entry(account["account"].as_str().unwrap().to_owned()).or_default();
        own.extend(steps.iter().filter_map(outline));
    }
    outlines
}

fn outline(step: &Value) -> Option<String> {
    let address: landfall::model::Address = step["address"].as_str()?.parse().unwrap();
    let region = if address.region.as_str() == "global" { String::new() } else { format!(" ({})", address.region) };
    let (sign, end) = match (step["action"].as_str()?, step["replacing"].as_bool()?) {
        ("create", false) => ("+", ""),
        ("update", _) => ("~", ""),
        ("delete", false) => ("-", ""),
        ("delete", true) => ("-/+", " (replaced)"),
        _ => return None,
    };
    let file = step["place"]["file"].as_str().map(landfall::render::escape::line);
    let asked = file.map(|file| format!("asked by {}, {file}:{}", step["module"].as_str().unwrap(), step["place"]["line"]));
    let asked = asked.unwrap_or_else(|| "no longer asked for".to_owned());
    Some(format!("{sign} {} {}{region}{end}\n{asked}", address.kind, address.name))
}

/// Steps cut down to what `outlines` has.
pub fn cut(steps: &Steps) -> Steps {
    let cut = |step: &String| format!("{}\n{}", step.lines().next().unwrap(), step.lines().last().unwrap());
    steps.iter().map(|(account, steps)| (account.clone(), steps.iter().map(cut).collect())).collect()
}
