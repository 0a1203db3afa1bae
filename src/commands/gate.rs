//! `landfall gate`: decides the gate of one wave from outside, for a wave that is spread over the jobs of a matrix; and how gates are told
//! of. Reads, and invokes canaries; its sessions refuse everything else.

use super::apply::LIMITS;
use super::calls::Calls;
use super::connect::{Mode, connect};
use super::output::print;
use super::progress::Bars;
use super::{Exit, Failure, Outcome, matrix, plan_file};
use crate::apply::{Event, Gate, Past, Reading, Reason, Terms, Watch, gate};
use crate::cloud::RealCloud;
use crate::model::{Account, Name, show};
use crate::plan::Plan;
use crate::render::escape::line as escape;
use serde_json::json;
use std::path::PathBuf;

/// The version of the JSON below; documented in docs/rollout.md. A field is never renamed or removed within a format.
const FORMAT: u32 = 1;
/// So many accounts that are held back are named on a line.
const NAMED: usize = 12;
/// The longest reason that is taken down.
const LONGEST_REASON: usize = 500;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The plan file, as written by `landfall plan --out`
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// The wave that is to start, such as prod
    #[arg(long, value_name = "NAME")]
    wave: Name,
    /// Accounts of earlier waves that did not succeed (repeatable, or separated by commas)
    #[arg(long, value_name = "DOMAIN/ENVIRONMENT", value_delimiter = ',')]
    failed: Vec<Account>,
    /// Pass although a block day or a bake time says no, and why
    #[arg(long, value_name = "REASON", value_parser = reason)]
    break_glass: Option<String>,
    /// How to print what the gate says
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Tell of every AWS call on stderr
    #[arg(short, long)]
    verbose: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

/// A reason that says something: it is what remains of a rule that was passed over.
pub(super) fn reason(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("say why: it is recorded".to_owned()),
        text if text.chars().count() > LONGEST_REASON => Err(format!("at most {LONGEST_REASON} characters")),
        text => Ok(text.to_owned()),
    }
}

/// 0 when it holds for every account of the wave, 2 when it holds any back.
pub async fn run(args: Args) -> Outcome {
    let file = plan_file::open(&args.plan, "this gate can't be decided")?;
    let plan = file.plan;
    matrix::known(&plan, &args.wave)?;
    let past = past(&plan, &args)?;
    let calls = Calls::default();
    let entrance = connect(Mode::Asking, plan.home_region.clone(), plan.access_role.clone(), args.verbose, &calls).await?;
    let unreadable = |error| Failure::new("the organization could not be read", escape(&format!("{error}")));
    let cloud = RealCloud::open(entrance, &plan, file.digest).await.map_err(unreadable)?;
    let terms = Terms { limits: LIMITS, watch: Watch::Whole, break_glass: args.break_glass.clone() };
    let bars = Bars::new("asking", args.verbose);
    let gate = gate(&plan, &args.wave, &past, &cloud, &terms, &|event| tell(&bars, event)).await;
    bars.clear();
    eprintln!("{}", calls.summary());
    print(&match args.format {
        Format::Text => text(&gate),
        Format::Json => json(&gate),
    })?;
    Ok(if gate.holds() { Exit::Done } else { Exit::Changes })
}

/// What the jobs of earlier waves have come to, as far as the arguments tell.
fn past(plan: &Plan, args: &Args) -> Result<Past, Failure> {
    let mut past = Past { failed: args.failed.iter().cloned().collect(), ..Past::default() };
    let earlier = plan.rollout.place(&args.wave);
    for rules in &plan.rollout.waves[..earlier.unwrap_or_default()] {
        let failed = past.failed.iter().filter(|account| plan.rollout.place_of(account) == plan.rollout.place(&rules.name)).count();
        let accounts = plan.waves.iter().find(|wave| wave.name == rules.name).map_or(0, |wave| wave.accounts.len());
        let tolerated = rules.tolerated(accounts);
        if failed > tolerated {
            past.halted = Some(Reason::TooMany { wave: rules.name.clone(), failed, tolerated });
        }
    }
    if let Some(unknown) = past.failed.iter().find(|account| **account != Account::Management && !plan.emails.contains_key(account)) {
        return Err(Failure::new("no such account", format!("{unknown} is not among the accounts of the plan")));
    }
    Ok(past)
}

fn text(gate: &Gate) -> String {
    let lines = lines(gate);
    match lines.as_slice() {
        [] => format!("The gate of {} holds.\n", gate.wave),
        lines => lines.iter().map(|line| format!("{line}\n")).collect(),
    }
}

/// What does not hold, and whom it holds back.
pub(super) fn lines(gate: &Gate) -> Vec<String> {
    let mut lines: Vec<String> = gate.reasons.iter().map(|reason| format!("gate {}: {}", gate.wave, escape(&reason.to_string()))).collect();
    if !gate.held.is_empty() {
        let more = gate.held.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        lines.push(format!("gate {}: not started: {}{more}", gate.wave, show(gate.held.iter().take(NAMED))));
    } else if !lines.is_empty() {
        lines.push(format!("gate {}: none of that holds back an account of this wave", gate.wave));
    }
    let red: Vec<&Account> =
        gate.reasons.iter().filter_map(|reason| if let Reason::Red(account, _) = reason { Some(account) } else { None }).collect();
    if let Some(first) = red.first() {
        lines.push(format!("gate {}: which element it is, and which step touched it last: landfall health --account {first}", gate.wave));
    }
    lines
}

fn json(gate: &Gate) -> String {
    let reasons: Vec<_> = gate.reasons.iter().map(reason_json).collect();
    let Gate { wave, held, free, .. } = gate;
    let shown = json!({ "format": FORMAT, "wave": wave, "holds": gate.holds(), "reasons": reasons, "held": held, "free": free });
    format!("{shown:#}\n")
}

pub(super) fn reason_json(reason: &Reason) -> serde_json::Value {
    let what = match reason {
        Reason::BlockDay(_) => "block-day",
        Reason::LockLost(_) => "lock-lost",
        Reason::Red(..) => "red",
        Reason::Failed(_) => "failed",
        Reason::HeldBefore(_) => "held-before",
        Reason::TooMany { .. } => "too-many-failed",
        Reason::NotStarted(_) => "not-started",
    };
    let account = match reason {
        Reason::Red(account, _) | Reason::Failed(account) | Reason::HeldBefore(account) => Some(account),
        Reason::BlockDay(_) | Reason::LockLost(_) | Reason::TooMany { .. } | Reason::NotStarted(_) => None,
    };
    json!({ "reason": what, "account": account, "detail": reason.to_string() })
}

/// Tells of a gate on the way.
pub(super) fn tell(bars: &Bars, event: &Event<'_>) {
    match event {
        Event::GateBakes { wave, bake } => bars.line(&format!("gate {wave}: all before it have to stay well for {} s", bake.as_secs())),
        Event::GlassBroken { wave, why, despite } => {
            bars.line(&format!("gate {wave}: passed, although {}: {}", escape(despite), escape(why)))
        }
        Event::GateAnswered { gate } => lines(gate).iter().for_each(|line| bars.line(line)),
        Event::HealthRead { account, reading: Reading::After, health } if health.is_red() => {
            bars.line(&format!("{account}: red: {}", escape(&health.complaints().join("; "))));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Health;

    #[test]
    fn a_broken_glass_needs_a_reason() {
        assert_eq!(reason("  prod is down "), Ok("prod is down".to_owned()));
        assert!(reason(" ").is_err() && reason(&"x".repeat(501)).is_err());
    }

    #[test]
    fn what_canaries_say_is_escaped() {
        let red = Reason::Red("catalog/dev".parse().unwrap(), Health::unknown("no \u{1b}[2J answer"));
        let held = ["catalog/prod".parse().unwrap()].into();
        let gate = Gate { wave: "prod".parse().unwrap(), reasons: vec![red], held, free: Default::default() };
        let expected = "\
gate prod: catalog/dev is red: canaries: silent: no \\u{1b}[2J answer
gate prod: not started: catalog/prod
gate prod: which element it is, and which step touched it last: landfall health --account catalog/dev
";
        assert_eq!(text(&gate), expected);
        let json: serde_json::Value = serde_json::from_str(&json(&gate)).unwrap();
        assert_eq!(
            (&json["holds"], &json["reasons"][0]["reason"], &json["held"][0]),
            (&false.into(), &"red".into(), &"catalog/prod".into())
        );
    }
}
