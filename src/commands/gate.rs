//! `landfall gate`: decides the gate of one wave from outside, for a wave that is spread over the jobs of a matrix; and how gates are told
//! of. Reads, and invokes canaries; its sessions refuse everything else.

use super::apply::{LIMITS, Spread};
use super::calls::Calls;
use super::connect::{Mode, connect_while, unread};
use super::output::print;
use super::progress::Bars;
use super::{Exit, Failure, Outcome, glass, lock, matrix, parts, plan_file, record};
use crate::apply::{self, Came, Event, Gate, Past, Reading, Reason, Terms, Watch, gate};
use crate::aws::Lease;
use crate::cloud::lock::{join, keep};
use crate::cloud::records::of_turn;
use crate::cloud::{RealCloud, Store};
use crate::model::{Account, ChangeRecord, Name, Turn, show};
use crate::plan::{Plan, PlanFile, Rollout};
use crate::render::escape::line as escape;
use crate::render::{MOST_JOBS, busy, matrix as matrix_of, packed};
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
    /// The plan file that was reviewed: what is not in it no job carries out, and no gate waits for
    #[arg(long, value_name = "FILE")]
    reviewed: Option<PathBuf>,
    /// The turn that the jobs write in, as `landfall lock take` printed it: the change records tell what has become of earlier waves, and
    /// who is to hear does
    #[arg(long, value_name = "TOKEN")]
    turn: Option<String>,
    /// Write the part of the plan file that each job of the matrix needs into FOLDER/0, FOLDER/1, …, with the session policy that keeps it
    /// within its accounts
    #[arg(long, value_name = "FOLDER")]
    parts: Option<PathBuf>,
    /// Pass although a block day or a bake time says no, and why; somebody else has to agree by `landfall break-glass`
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
    /// What a step of GitHub Actions puts out: the matrix of the accounts that may start, how many jobs may go at once, how many accounts
    /// may fail, and which accounts are to be made first. Nothing when none may start; what the gate says goes to stderr
    Outputs,
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
    let open = |path: &PathBuf| plan_file::open(path, "this gate can't be decided");
    let file = open(&args.plan)?;
    let reviewed = args.reviewed.as_ref().map(open).transpose()?;
    matrix::known(&file.plan, &args.wave)?;
    let (bars, calls) = (Bars::new("asking", args.verbose), Calls::default());
    let Asked { gate, spread, cloud, records } = decide(&args, &file, reviewed.as_ref(), &bars, &calls).await?;
    bars.clear();
    eprintln!("{}", calls.summary());
    // An account none of whose steps was reviewed has a job all the same: it says so.
    let starting: Vec<&Account> = busy(&file.plan, &args.wave).into_iter().filter(|account| !gate.held.contains(account)).collect();
    if let Some(folder) = &args.parts {
        parts::write(folder, &packed(&starting, MOST_JOBS), &file, reviewed.as_ref())?;
        parts::confine(folder, &args.wave, &cloud)?;
    }
    if args.turn.is_some() {
        spread.asked(&gate, &records).await;
    }
    match args.format {
        Format::Text => print(&text(&gate))?,
        Format::Json => print(&json(&gate))?,
        Format::Outputs => {
            eprint!("{}", text(&gate));
            let missing: Vec<&Account> = starting.iter().copied().filter(|one| cloud.is_absent(one) && spread.plan().makes(one)).collect();
            outputs(&file.plan.rollout, &args.wave, &starting, &missing).map_or(Ok(()), |outputs| print(&outputs))?;
        }
    }
    Ok(if gate.holds() { Exit::Done } else { Exit::Changes })
}

/// What a step of a workflow hands on, a line each; nothing without a job.
fn outputs(rollout: &Rollout, wave: &Name, starting: &[&Account], missing: &[&Account]) -> Option<String> {
    let (matrix, rules) = (matrix_of(starting, MOST_JOBS)?, rollout.rules(wave));
    // Where accounts share jobs, it is accounts that go at once, not jobs.
    let size = packed(starting, MOST_JOBS).into_iter().map(<[_]>::len).max().unwrap_or(1);
    let parallel = rules.and_then(|rules| rules.parallel).map_or(MOST_JOBS, |parallel| (parallel.most / size).clamp(1, MOST_JOBS));
    let tolerate = rules.map_or(0, |rules| rules.tolerated(starting.len()));
    let missing = missing.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    Some(format!("matrix={matrix}\nparallel={parallel}\ntolerate={tolerate}\nmissing={missing}\n"))
}

/// What a gate says, and what it is made from.
struct Asked {
    gate: Gate,
    spread: Spread,
    cloud: RealCloud,
    /// Those of the turn.
    records: Vec<ChangeRecord>,
}

/// Asks the gate, in the turn that its jobs will write in, if there is one.
async fn decide(args: &Args, file: &PlanFile, reviewed: Option<&PlanFile>, bars: &Bars, calls: &Calls) -> Result<Asked, Failure> {
    let lease = Lease::none();
    let turn = if args.turn.is_some() { lock::while_held(&lease) } else { Turn::default() };
    let Plan { home_region, access_role, .. } = &file.plan;
    let entrance = connect_while(turn, Mode::Asking, home_region.clone(), access_role.clone(), args.verbose, calls).await?;
    let store = Store::of(&entrance.management);
    let joined = match &args.turn {
        Some(token) => Some(join(&store, token, &lease).await.map_err(lock::failed)?),
        None => None,
    };
    let records = match &joined {
        Some(turn) => of_turn(&store, turn.fence()).await.map_err(record::unreadable)?,
        None => Vec::new(),
    };
    let spread = Spread::of(file, reviewed, &store, args.turn.as_deref().unwrap_or_default(), &entrance.caller.arn).await?;
    let past = past(spread.plan(), args, &records)?;
    let seen = &reviewed.unwrap_or(file).digest;
    let break_glass = glass::broken(args.break_glass.as_deref(), &store, &entrance.caller, seen).await?;
    let cloud = RealCloud::open(entrance, spread.plan(), file.digest.clone()).await.map_err(unread)?;
    let terms = Terms { limits: LIMITS, watch: Watch::Whole, break_glass };
    let tell = |event: &Event<'_>| tell(bars, event);
    let asked = gate(spread.plan(), &args.wave, &past, &cloud, &terms, &tell);
    let gate = match joined {
        None => asked.await,
        Some(mut turn) => tokio::select! {
            gate = asked => gate,
            never = keep(&mut turn, &store) => match never {},
        },
    };
    Ok(Asked { gate, spread, cloud, records })
}

/// What the jobs of earlier waves have come to, as far as the arguments and the records of the turn tell.
fn past(plan: &Plan, args: &Args, records: &[ChangeRecord]) -> Result<Past, Failure> {
    if let Some(unknown) = args.failed.iter().find(|account| **account != Account::Management && !plan.emails.contains_key(account)) {
        return Err(Failure::new("no such account", format!("{unknown} is not among the accounts of the plan")));
    }
    let mut came = apply::came(plan, records);
    let otherwise = if args.turn.is_some() { Came::NotStarted } else { Came::Succeeded };
    came.extend(args.failed.iter().map(|account| (account.clone(), Came::Failed)));
    let mut past = Past::before(plan, &args.wave, &came, otherwise);
    past.failed.extend(args.failed.iter().cloned());
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
    fn a_wave_hands_on_its_width_and_what_it_tolerates() {
        use crate::plan::{Parallel, WaveRules};
        let all: Vec<Account> = (0..600).map(|at| format!("domain{at}/prod").parse().unwrap()).collect();
        let of = |count: usize, most: Option<usize>| {
            let rules = WaveRules::of("prod".parse().unwrap(), all.iter().cloned().collect(), "prod".parse().unwrap());
            let parallel = most.map(|most| Parallel { start: 1, grow: 2, most });
            let rollout = Rollout { waves: vec![WaveRules { parallel, ..rules }], ..Rollout::default() };
            let starting: Vec<&Account> = all[..count].iter().collect();
            let outputs = outputs(&rollout, &"prod".parse().unwrap(), &starting, &starting[..count.min(1)])?;
            let lines: Vec<String> = outputs.lines().map(str::to_owned).collect();
            assert!(lines[0].starts_with("matrix={\"include\":["), "{outputs}");
            Some(lines[1..].join(" "))
        };
        assert_eq!(of(0, Some(20)), None);
        assert_eq!(of(40, Some(20)).unwrap(), "parallel=20 tolerate=4 missing=domain0/prod");
        assert_eq!(of(1, None).unwrap(), "parallel=256 tolerate=0 missing=domain0/prod");
        assert_eq!(of(600, Some(20)).unwrap(), "parallel=6 tolerate=60 missing=domain0/prod", "three accounts in a job");
        assert_eq!(of(600, Some(2)).unwrap(), "parallel=1 tolerate=60 missing=domain0/prod");
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
