//! Gates in virtual time: red before, during and after a wave, silence, block days, bake times, tolerance and growth. In each, what must not
//! start does not.

use crate::world::{Answer, Canary, Seed, World};
use crate::{CALM, TERMS, vpc};
use landfall::apply::{Event, Outcome, Reading, Reason, StepResult, Terms, Watch, apply};
use landfall::model::{Account, Approvals, Environment, Name};
use landfall::plan::{Action, ApprovedPlan, BlockDays, Parallel, Plan, Rollout, Sick, Step, Wave, WaveRules};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

fn account(text: &str) -> Account {
    text.parse().unwrap()
}

/// `a`, `b`, … each with dev, stage and prod; every account has a canary.
fn rollout(domains: usize) -> Rollout {
    let names = || (0..domains).map(|at| char::from(b'a' + at as u8).to_string().parse::<Name>().unwrap());
    let members = |environment: Environment| names().map(|name| Account::member(name, environment)).collect::<BTreeSet<Account>>();
    let rules = |environment: Environment| WaveRules::of(environment, members(environment), environment.as_str().parse().unwrap());
    let waves: Vec<WaveRules> = Environment::ALL.map(rules).into();
    let canary = || BTreeSet::from(["landfall-canary-a".parse().unwrap()]);
    let canaries = waves.iter().flat_map(|wave| &wave.members).map(|account| (account.clone(), canary())).collect();
    Rollout { waves, canaries, time_zone: "UTC".to_owned(), ..Rollout::default() }
}

/// One step in every account for which `changed` says so.
fn plan(rollout: Rollout, changed: impl Fn(&Account) -> bool) -> ApprovedPlan {
    let step = |account: &Account| Step {
        address: format!("{account}/us-west-2/vpc/main").parse().unwrap(),
        action: Action::Create { want: vpc(), replacing: false },
        after: Vec::new(),
        concerns: Vec::new(),
        asked: None,
    };
    let accounts = |rules: &WaveRules| rules.members.iter().filter(|one| changed(one)).map(|one| (one.clone(), vec![step(one)])).collect();
    let waves = rollout.waves.iter().map(|rules| Wave { name: rules.name.clone(), accounts: accounts(rules) });
    let waves = waves.filter(|wave| !wave.accounts.is_empty()).collect();
    let (estate, home_region, access_role) = ("acme".parse().unwrap(), "us-west-2".parse().unwrap(), "role".to_owned());
    let plan = Plan {
        estate,
        home_region,
        access_role,
        emails: BTreeMap::new(),
        approvals: Approvals::default(),
        rollout,
        notices: Default::default(),
        waves,
    };
    let reviewed = plan.steps().map(Step::digest).collect();
    ApprovedPlan::of(plan, &reviewed).0
}

fn world(canary: impl Fn(&Account, Duration) -> Answer + 'static) -> World {
    World { canary: Box::new(canary) as Canary, ..World::new(1, CALM) }
}

/// What was made, by account, and the outcome.
async fn run(world: &World, plan: &ApprovedPlan, terms: &Terms) -> (BTreeSet<String>, Outcome) {
    let mut started = BTreeSet::new();
    let mut on = |event: &Event<'_>| {
        if let Event::StepStarted { step } = event {
            started.insert(step.address.account.to_string());
        }
    };
    let outcome = apply(plan, world, terms, &mut on).await;
    let made = world.made.borrow().keys().map(|address| address.account.to_string()).collect();
    assert_eq!(started, made, "what started was made, and nothing else");
    for (address, result) in &outcome.steps {
        assert_eq!(*result == StepResult::NotStarted, !started.contains(&address.account.to_string()), "{address}: {result:?}");
    }
    (started, outcome)
}

fn set(accounts: &[&str]) -> BTreeSet<String> {
    accounts.iter().map(|account| (*account).to_owned()).collect()
}

fn red(of: &'static str) -> impl Fn(&Account, Duration) -> Answer {
    move |account, _| if account.to_string() == of { Answer::Red } else { Answer::Green }
}

fn reasons(outcome: &Outcome) -> Vec<String> {
    outcome.gates.iter().flat_map(|gate| gate.reasons.iter().map(move |reason| format!("{}: {reason}", gate.wave))).collect()
}

#[tokio::test(start_paused = true)]
async fn red_before_a_wave_holds_back_its_domain_although_nothing_is_to_be_done_there() {
    let prod_alone = plan(rollout(2), |account| account.environment() == Some(Environment::Prod));
    for answer in [Answer::Red, Answer::Never] {
        let world = world(move |account, _| if account.to_string() == "a/dev" { answer } else { Answer::Green });
        let (started, outcome) = run(&world, &prod_alone, &TERMS).await;
        assert_eq!(started, set(&["b/prod"]));
        assert!(reasons(&outcome)[0].starts_with("prod: a/dev is red: "), "{:?}", reasons(&outcome));
        assert!(!outcome.succeeded());
        // A rerun meets the same gate, though b has nothing left to do.
        let left = plan(rollout(2), |account| account.to_string() == "a/prod");
        let (again, outcome) = run(&World { made: Default::default(), ..world }, &left, &TERMS).await;
        assert_eq!((again, outcome.gates.len()), (set(&[]), 1));
    }
}

#[tokio::test(start_paused = true)]
async fn one_sick_account_holds_back_the_estate_where_the_files_say_so() {
    let all = plan(Rollout { sick: Sick::Estate, ..rollout(3) }, |_| true);
    let (started, outcome) = run(&world(red("b/dev")), &all, &TERMS).await;
    assert_eq!(started, set(&["a/dev", "b/dev", "c/dev"]));
    assert_eq!(outcome.sick.keys().map(ToString::to_string).collect::<Vec<_>>(), ["b/dev"], "red after its steps is failed");
}

#[tokio::test(start_paused = true)]
async fn red_after_its_steps_is_failed_and_a_rerun_meets_the_same_gate() {
    let all = plan(rollout(2), |_| true);
    let world = world(red("a/stage"));
    let (started, outcome) = run(&world, &all, &TERMS).await;
    assert_eq!(started, set(&["a/dev", "b/dev", "a/stage", "b/stage", "b/prod"]));
    assert_eq!(reasons(&outcome), ["prod: a/stage did not succeed", "prod: a/stage is red: landfall-canary-a: silent: no answer"]);
    // What is left to do on the rerun is a/prod alone, and what is red has no step any more.
    let left = plan(rollout(2), |account| account.to_string() == "a/prod");
    let (started, outcome) = run(&World { made: Default::default(), ..world }, &left, &TERMS).await;
    assert_eq!((started, outcome.gates.len()), (set(&[]), 1));
}

#[tokio::test(start_paused = true)]
async fn what_is_new_has_time_to_come_into_force() {
    let all = plan(rollout(1), |_| true);
    let slow = |account: &Account, since: Duration| {
        let is_up = account.environment() != Some(Environment::Dev) || since > Duration::from_secs(40);
        if is_up { Answer::Green } else { Answer::Red }
    };
    let (started, outcome) = run(&world(slow), &all, &TERMS).await;
    assert_eq!((started.len(), outcome.succeeded()), (3, true));
}

fn baking(minutes: u64) -> Rollout {
    let mut rollout = rollout(2);
    rollout.waves[1].bake_seconds = minutes * 60;
    rollout
}

#[tokio::test(start_paused = true)]
async fn red_at_any_time_of_the_bake_counts_even_if_it_is_green_again() {
    let all = plan(baking(10), |_| true);
    let blip = |account: &Account, since: Duration| {
        let is_red = account.to_string() == "b/dev" && since > 4 * MINUTE && since < 6 * MINUTE;
        if is_red { Answer::Red } else { Answer::Green }
    };
    let world = world(blip);
    let (started, outcome) = run(&world, &all, &TERMS).await;
    assert_eq!(started, set(&["a/dev", "b/dev", "a/stage", "b/stage", "a/prod"]));
    assert_eq!(reasons(&outcome), ["prod: b/dev is red: landfall-canary-a: silent: no answer"]);
    assert!(world.elapsed() > 10 * MINUTE && world.elapsed() < 12 * MINUTE, "{:?}", world.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_rerun_bakes_again_and_a_broken_glass_does_not() {
    let prod_alone = plan(baking(10), |account| account.environment() == Some(Environment::Prod));
    let bakes = world(|_, _| Answer::Green);
    assert!(run(&bakes, &prod_alone, &TERMS).await.1.succeeded());
    assert!(bakes.elapsed() > 10 * MINUTE, "nobody knows whether the run before this one waited");
    for terms in [Terms { break_glass: Some("prod is down".to_owned()), ..TERMS }, Terms { watch: Watch::Own, ..TERMS }] {
        let hurries = world(|_, _| Answer::Green);
        assert!(run(&hurries, &prod_alone, &terms).await.1.succeeded());
        assert!(hurries.elapsed() < MINUTE, "{:?}", hurries.elapsed());
        let (started, _) = run(&world(red("a/dev")), &prod_alone, &terms).await;
        assert_eq!(started, set(&["b/prod"]), "but red is red");
    }
}

fn blocked(from: &str) -> Rollout {
    let days = BlockDays { name: "Black Friday".into(), from: from.into(), to: "2026-11-30".into() };
    Rollout { block_days: vec![days], ..baking(120) }
}

#[tokio::test(start_paused = true)]
async fn a_block_day_that_begins_in_mid_run_stops_what_has_not_started() {
    let all = plan(blocked("2026-11-22"), |_| true);
    let world = World { begins: "2026-11-21T23:00:00Z".parse().unwrap(), ..world(|_, _| Answer::Green) };
    let (started, outcome) = run(&world, &all, &TERMS).await;
    assert_eq!(started, set(&["a/dev", "b/dev", "a/stage", "b/stage"]), "prod would start an hour into the block day");
    assert_eq!(reasons(&outcome), ["prod: Black Friday is a block day, from 2026-11-22 to 2026-11-30"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_starts_on_a_block_day_unless_the_glass_is_broken() {
    let all = plan(blocked("2026-11-21"), |_| true);
    let (started, outcome) = run(&world(|_, _| Answer::Green), &all, &TERMS).await;
    assert_eq!((started, outcome.gates.len()), (set(&[]), 3));
    let terms = Terms { break_glass: Some("prod is down".to_owned()), ..TERMS };
    let mut told = Vec::new();
    let mut on = |event: &Event<'_>| {
        if let Event::GlassBroken { wave, why, despite } = event {
            told.push(format!("{wave}: {why}: {despite}"));
        }
    };
    assert!(apply(&all, &world(|_, _| Answer::Green), &terms, &mut on).await.succeeded());
    let expected = ["dev", "stage", "prod"].map(|wave| format!("{wave}: prod is down: Black Friday is a block day"));
    assert_eq!(told.iter().filter(|line| line.contains("Friday")).collect::<Vec<_>>(), expected.iter().collect::<Vec<_>>());
    assert!(told.contains(&"prod: prod is down: the waves before it have not baked".to_owned()), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn whoever_lost_the_lock_starts_no_further_wave() {
    let all = plan(baking(10), |_| true);
    let world = World { locked_for: 5 * MINUTE, ..world(|_, _| Answer::Green) };
    let (started, outcome) = run(&world, &all, &TERMS).await;
    assert_eq!(started, set(&["a/dev", "b/dev", "a/stage", "b/stage"]));
    assert_eq!(reasons(&outcome), ["prod: the lock is not held any more: somebody broke it"]);
    assert!(world.elapsed() < 7 * MINUTE, "it is noticed within a minute");
}

#[tokio::test(start_paused = true)]
async fn accounts_that_do_not_exist_and_accounts_without_canary_hold_back_nothing() {
    let mut rollout = rollout(2);
    rollout.canaries.remove(&account("a/dev"));
    let prod_alone = plan(rollout, |account| account.environment() == Some(Environment::Prod));
    let answer = |account: &Account, _: Duration| match account.to_string().as_str() {
        "a/dev" => Answer::Red,
        "b/dev" => Answer::Absent,
        _ => Answer::Green,
    };
    let (started, outcome) = run(&world(answer), &prod_alone, &TERMS).await;
    assert_eq!((started, outcome.succeeded()), (set(&["a/prod", "b/prod"]), true), "a/dev has no canary that could be asked");
}

/// An estate of many domains in one wave before prod, of which some can't be made.
fn many(parallel: Option<Parallel>, tolerate: Option<&str>, cursed: &[usize]) -> (ApprovedPlan, World) {
    let mut rollout = rollout(20);
    rollout.waves.remove(1);
    rollout.waves[0].parallel = parallel;
    rollout.waves[0].tolerate = tolerate.map(|text| text.parse().unwrap());
    let plan = plan(rollout, |_| true);
    let mut world = world(|_, _| Answer::Green);
    let steps: Vec<&Step> = plan.plan().waves[0].accounts.values().flatten().collect();
    world.cursed = cursed.iter().map(|at| steps[*at].address.clone()).collect();
    (plan, world)
}

/// How many accounts of each environment started, and the width that each round had.
async fn widths(plan: &ApprovedPlan, world: &World) -> (usize, usize, Vec<usize>, Outcome) {
    let (mut dev, mut prod, mut going, mut widths) = (0, 0, 0_usize, Vec::new());
    let mut on = |event: &Event<'_>| match event {
        Event::AccountStarted { account, .. } if account.environment() == Some(Environment::Dev) => {
            (dev, going) = (dev + 1, going + 1);
            match widths.last_mut() {
                Some(width) if going > 1 => *width += 1,
                _ => widths.push(1),
            }
        }
        Event::AccountStarted { .. } => prod += 1,
        Event::AccountEnded { account, .. } if account.environment() == Some(Environment::Dev) => going -= 1,
        _ => {}
    };
    let outcome = apply(plan, world, &TERMS, &mut on).await;
    (dev, prod, widths, outcome)
}

#[tokio::test(start_paused = true)]
async fn slowly_then_faster() {
    let (plan, world) = many(Some(Parallel { start: 1, grow: 2, most: 6 }), None, &[]);
    let (dev, prod, widths, _) = widths(&plan, &world).await;
    assert_eq!((dev, prod, widths), (20, 20, vec![1, 2, 4, 6, 6, 1]));
}

#[tokio::test(start_paused = true)]
async fn a_round_with_a_failure_does_not_grow_and_one_failure_too_many_halts() {
    let (plan, world) = many(Some(Parallel { start: 1, grow: 2, most: 6 }), Some("10%"), &[1, 2]);
    let (dev, prod, grown, outcome) = widths(&plan, &world).await;
    assert_eq!((dev, prod, grown), (20, 18, vec![1, 2, 2, 4, 6, 5]), "two of twenty may fail, and hold back their own");
    assert!(outcome.count(|result| *result == StepResult::NotStarted) == 2);

    let (plan, world) = many(Some(Parallel { start: 1, grow: 2, most: 6 }), Some("1"), &[1, 2]);
    let (dev, prod, grown, outcome) = widths(&plan, &world).await;
    assert_eq!((dev, prod, grown), (3, 0, vec![1, 2]));
    let gate = outcome.gates.last().unwrap();
    assert!(gate.reasons.iter().any(|reason| matches!(reason, Reason::TooMany { failed: 2, tolerated: 1, .. })), "{:?}", gate.reasons);
}

#[tokio::test(start_paused = true)]
async fn without_rounds_those_under_way_end_and_no_other_starts() {
    let (plan, world) = many(None, Some("0"), &[0]);
    let (dev, prod, _, outcome) = widths(&plan, &world).await;
    let at_once = TERMS.limits.accounts;
    assert!((at_once..20).contains(&dev) && prod == 0, "{dev}");
    assert_eq!(outcome.count(StepResult::succeeded), dev - 1);
}

#[tokio::test(start_paused = true)]
async fn an_account_is_read_before_and_after_and_for_the_gates() {
    let all = plan(rollout(1), |_| true);
    let mut told = Vec::new();
    let mut on = |event: &Event<'_>| {
        if let Event::HealthRead { account, reading, .. } = event {
            told.push((account.to_string(), *reading));
        }
    };
    assert!(apply(&all, &world(|_, _| Answer::Green), &TERMS, &mut on).await.succeeded());
    let of = |account: &str| told.iter().filter(|(of, _)| of == account).map(|(_, reading)| *reading).collect::<Vec<_>>();
    assert_eq!(of("a/dev"), [Reading::Before, Reading::After, Reading::During, Reading::During], "for stage, and for prod");
    assert_eq!(of("a/prod"), [Reading::Before, Reading::After]);
}

/// What is wrong with an account from the beginning to the end.
fn ailments(seed: &Seed, rollout: &Rollout) -> BTreeMap<Account, Answer> {
    let all = rollout.waves.iter().flat_map(|wave| &wave.members);
    let ail = |account: &Account| {
        let answer = [Answer::Red, Answer::Never][seed.below(2) as usize];
        seed.percent(12).then(|| (account.clone(), answer))
    };
    all.filter_map(ail).collect()
}

#[tokio::test(start_paused = true)]
async fn whatever_is_sick_what_must_not_start_does_not_and_nothing_else_is_held_back() {
    for number in 0..200 {
        let seed = Seed::new(number);
        let sick = if seed.percent(30) { Sick::Estate } else { Sick::Domain };
        let mut rollout = Rollout { sick, ..rollout(2 + seed.below(5) as usize) };
        rollout.waves.iter_mut().for_each(|wave| wave.tolerate = seed.percent(50).then(|| "40%".parse().unwrap()));
        let ailing = ailments(&seed, &rollout);
        let has_steps: BTreeSet<Account> = rollout.canaries.keys().filter(|_| seed.percent(60)).cloned().collect();
        let plan = plan(rollout.clone(), |account| has_steps.contains(account));
        let answers = ailing.clone();
        let world = world(move |account, _| answers.get(account).copied().unwrap_or(Answer::Green));
        let (started, _) = run(&world, &plan, &TERMS).await;
        let mut halted = false;
        let mut bad: Vec<&Account> = Vec::new();
        for rules in &rollout.waves {
            let held = |account: &Account| halted || bad.iter().any(|one| sick == Sick::Estate || domain(one) == domain(account));
            let mut free = 0;
            for account in rules.members.iter().filter(|account| has_steps.contains(*account)) {
                free += usize::from(!held(account));
                assert_eq!(started.contains(&account.to_string()), !held(account), "seed {number}: {account}");
            }
            let failed = |account: &&Account| started.contains(&account.to_string()) && ailing.contains_key(*account);
            halted |= rules.members.iter().filter(failed).count() > rules.tolerated(free);
            bad.extend(rules.members.iter().filter(|account| ailing.contains_key(*account)));
        }
    }
}

fn domain(account: &Account) -> String {
    account.to_string().split('/').next().unwrap().to_owned()
}
