//! Whole applies in virtual time, from seeds: faults, kills at any call, and what must hold all the same.

#[path = "../estates/mod.rs"]
mod estates;
mod gates;
mod whole;
mod world;

use landfall::apply::{Event, Limits, Outcome, StepResult, Terms, Watch, apply};
use landfall::kinds::Spec;
use landfall::model::{Account, Address, Approvals, Environment};
use landfall::plan::{Action, ApprovedPlan, Plan, Rollout, Sick, Step, Wave, WaveRules};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use world::{Faults, Seed, World};

const SEEDS: u64 = 300;
const TERMS: Terms = Terms { limits: Limits { accounts: 8, steps: 4 }, watch: Watch::Whole, break_glass: None };
const CALM: Faults = Faults { throttled: 0, lost: 0, unsettled: 0 };
const STORM: Faults = Faults { throttled: 15, lost: 10, unsettled: 10 };
/// A run that is killed again and again still gets further each time, so this many runs are plenty.
const RUNS: u32 = 60;
/// A storm costs waiting. What takes seconds in calm weather has to be done within this much virtual time per run.
const BUDGET: Duration = Duration::from_secs(1800);

/// The plan that a planner would make of `domains` domains, less what exists already.
fn plan(seed: u64, domains: u64, exists: &BTreeSet<Address>) -> ApprovedPlan {
    let seed = Seed::new(seed);
    let waves = Environment::ALL.map(|environment| {
        let accounts = (0..domains).map(|at| {
            let account = Account::member(format!("domain-{at}").parse().unwrap(), environment);
            let steps = steps(&account, &seed, exists);
            (account, steps)
        });
        Wave { name: environment.as_str().parse().unwrap(), accounts: accounts.collect() }
    });
    let rules = waves.each_ref().map(|wave| {
        let members = wave.accounts.keys().cloned().collect();
        WaveRules::of(wave.name.as_str().parse().unwrap(), members, wave.name.clone())
    });
    let rollout = Rollout { waves: rules.into(), sick: Sick::Estate, time_zone: "UTC".to_owned(), ..Rollout::default() };
    let home_region = "us-west-2".parse().unwrap();
    let (estate, access_role) = ("acme".parse().unwrap(), "role".to_owned());
    let plan = Plan {
        estate,
        home_region,
        access_role,
        emails: BTreeMap::new(),
        approvals: Approvals::default(),
        rollout,
        notices: Default::default(),
        waves: waves.into(),
    };
    let reviewed = plan.steps().map(Step::digest).collect();
    ApprovedPlan::of(plan, &reviewed).0
}

fn vpc() -> Spec {
    let row = landfall::kinds::row(&"vpc".parse().unwrap()).unwrap();
    (row.parse)(serde_json::json!({ "cidr": { "prefix": 20 } })).unwrap()
}

/// Some steps of one account; each comes after up to two earlier ones.
fn steps(account: &Account, seed: &Seed, exists: &BTreeSet<Address>) -> Vec<Step> {
    let count = 1 + seed.below(12) as usize;
    let whole: Vec<(Address, Vec<usize>)> = (0..count)
        .map(|at| {
            let after: BTreeSet<usize> = (0..seed.below(3)).filter(|_| at > 0).map(|_| seed.below(at.max(1) as u64) as usize).collect();
            (format!("{account}/us-west-2/vpc/v{at}").parse().unwrap(), after.into_iter().collect())
        })
        .collect();
    let left: Vec<usize> = (0..count).filter(|at| !exists.contains(&whole[*at].0)).collect();
    let place = |at: &usize| left.iter().position(|kept| kept == at);
    let step = |at: &usize| Step {
        address: whole[*at].0.clone(),
        action: Action::Create { want: vpc(), replacing: false },
        after: whole[*at].1.iter().filter_map(place).collect(),
        concerns: Vec::new(),
        asked: None,
    };
    left.iter().map(step).collect()
}

/// Applies, watching that nothing starts before what it comes after; `None` when the run was killed.
async fn run(world: &World, plan: &ApprovedPlan) -> Option<Outcome> {
    let mut succeeded = BTreeSet::new();
    let mut check = |event: &Event<'_>| match event {
        Event::StepStarted { step } => {
            let wave = plan.plan().waves.iter().find(|wave| wave.accounts.contains_key(&step.address.account)).unwrap();
            let siblings = &wave.accounts[&step.address.account];
            assert!(step.after.iter().all(|at| succeeded.contains(&siblings[*at].address)), "{} started early", step.address);
        }
        Event::StepEnded { step, result } if result.succeeded() => drop(succeeded.insert(step.address.clone())),
        _ => {}
    };
    tokio::time::timeout(BUDGET, apply(plan, world, &TERMS, &mut check)).await.ok()
}

#[tokio::test(start_paused = true)]
async fn killed_at_any_call_it_converges_and_makes_nothing_twice() {
    for seed in 0..SEEDS {
        let mut world = World::new(seed, STORM);
        let mut runs = 0;
        loop {
            let exists = world.exists.borrow().clone();
            let plan = plan(seed, 4, &exists);
            if plan.plan().is_empty() {
                break;
            }
            runs += 1;
            assert!(runs <= RUNS, "seed {seed} does not converge");
            let kill = runs <= RUNS / 2;
            let calls_left = if kill { 1 + world.seed.below(40) } else { u64::MAX };
            world.calls_left = calls_left.into();
            let outcome = run(&world, &plan).await;
            assert!(kill || outcome.is_some_and(|outcome| outcome.succeeded()), "seed {seed} takes too long");
        }
        assert!(world.made.borrow().values().all(|times| *times == 1), "seed {seed} made something twice");
    }
}

#[tokio::test(start_paused = true)]
async fn one_account_fails_and_its_peers_do_not() {
    for seed in 0..SEEDS {
        let mut world = World::new(seed, CALM);
        let plan = plan(seed, 5, &BTreeSet::new());
        let first: Vec<Address> = plan.plan().waves[0].accounts.values().map(|steps| steps[0].address.clone()).collect();
        world.cursed.insert(first[2].clone());
        let outcome = run(&world, &plan).await.unwrap();
        for (address, result) in &outcome.steps {
            let wave = address.account.environment();
            match result {
                StepResult::Failed(_) => assert_eq!(address, &first[2]),
                StepResult::Skipped { because } => assert_eq!((because, &address.account), (&first[2], &first[2].account)),
                StepResult::NotStarted => assert_ne!(wave, Some(Environment::Dev), "{address}"),
                result => assert!(result.succeeded() && wave == Some(Environment::Dev), "{address}: {result:?}"),
            }
        }
        assert_eq!(outcome.count(|result| matches!(result, StepResult::Failed(_))), 1, "seed {seed}");
    }
}

#[tokio::test(start_paused = true)]
async fn equal_seeds_give_equal_runs() {
    for seed in 0..20 {
        let mut logs = Vec::new();
        for _ in 0..2 {
            let world = World::new(seed, STORM);
            let plan = plan(seed, 3, &BTreeSet::new());
            assert!(run(&world, &plan).await.is_some());
            logs.push(world.log.take());
        }
        assert!(!logs[0].is_empty());
        assert_eq!(logs[0], logs[1], "seed {seed}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_takes_the_time_of_its_longest_chain() {
    let world = World::new(1, CALM);
    let plan = plan(1, 8, &BTreeSet::new());
    let outcome = run(&world, &plan).await.unwrap();
    assert!(outcome.succeeded());
    // Twelve steps of two answers each, three waves: were accounts done one after the other, it would be eight times as long.
    assert!(world.elapsed() <= Duration::from_millis(200 * 12 * 3), "{:?}", world.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_record_that_cannot_be_written_is_told_and_fails_nothing() {
    let mut world = World::new(1, CALM);
    world.unrecorded = Some("no".to_owned());
    let plan = plan(1, 3, &BTreeSet::new());
    let mut told = BTreeSet::new();
    let mut on = |event: &Event<'_>| {
        if let Event::NotRecorded { account, why: "no" } = event {
            told.insert((*account).clone());
        }
    };
    let outcome = apply(&plan, &world, &TERMS, &mut on).await;
    assert!(outcome.succeeded());
    assert_eq!(told, plan.plan().waves.iter().flat_map(|wave| wave.accounts.keys().cloned()).collect());
}
