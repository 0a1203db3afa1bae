//! Whole stories of estates in virtual time, from seeds: plan, review, apply and plan again, with the real planner, apply and lock over a small
//! AWS in which everything goes wrong that can. What must always hold is in `oracle.rs`; how to soak, and what a failing seed leaves behind,
//! in docs/trust.md.

mod aws;
mod case;
mod drift;
mod files;
mod oracle;
mod perform;
mod run;
mod shrink;
mod story;

use case::{Case, Chapter, Faults};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use story::{Told, play};

/// As many as take less than a minute in a debug build on two slow cores.
const SEEDS: u64 = 150;
/// Accounts of each story; a soak asks for 30 by `LANDFALL_ACCOUNTS`.
const ACCOUNTS: u64 = 9;

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

fn cases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/simulation/cases")
}

/// What all stories came to.
#[derive(Default)]
struct Sum {
    passed: Duration,
    calls: u64,
    runs: usize,
    accounts: usize,
    failed: Vec<(u64, Told)>,
}

impl Sum {
    fn add(&mut self, seed: u64, told: Told) {
        self.passed += told.passed;
        self.calls += told.calls;
        self.runs += told.runs;
        self.accounts += told.accounts;
        if !told.wrong.is_empty() {
            self.failed.push((seed, told));
        }
    }
}

/// Plays seeds on as many threads as there are cores; a story has one of its own, so none changes another.
fn soak(first: u64, seeds: u64, accounts: u64) -> Sum {
    let (next, sum) = (AtomicU64::new(first), Mutex::new(Sum::default()));
    let threads = setting("LANDFALL_THREADS", std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + seeds {
                        return;
                    }
                    let told = play(&Case::of(seed, accounts));
                    sum.lock().expect("stories catch their panics").add(seed, told);
                }
            });
        }
    });
    sum.into_inner().expect("stories catch their panics")
}

#[test]
fn whole_runs_from_seeds_keep_every_promise() {
    let (first, seeds, accounts) = (setting("LANDFALL_SEED", 1), setting("LANDFALL_SEEDS", SEEDS), setting("LANDFALL_ACCOUNTS", ACCOUNTS));
    let mut sum = soak(first, seeds, accounts);
    let hours = sum.passed.as_secs() / 3600;
    println!("{seeds} seeds from {first}: {} accounts, {} runs, {} calls, {hours} virtual hours", sum.accounts, sum.runs, sum.calls);
    sum.failed.sort_by_key(|(seed, _)| *seed);
    for (seed, told) in &sum.failed {
        println!("seed {seed}: {}", told.wrong.join("\n  "));
    }
    if let Some((seed, _)) = sum.failed.first() {
        let once_more = format!("LANDFALL_SEED={seed} LANDFALL_SEEDS=1 LANDFALL_ACCOUNTS={accounts} cargo test --test simulation whole");
        assert!(setting("LANDFALL_SHRINK", 1) > 0, "{} of {seeds} seeds failed; the first once more: {once_more}", sum.failed.len());
        let case = shrink::shrink(Case::of(*seed, accounts));
        let told = play(&case);
        let path = cases().join(format!("seed-{seed}.json"));
        let text = serde_json::to_string_pretty(&case).expect("a case is plain data") + "\n";
        let kept = std::fs::create_dir_all(cases()).and_then(|()| std::fs::write(&path, text));
        println!("the smallest such story:\n{}", told.log.join("\n"));
        panic!(
            "{} of {seeds} seeds failed, first seed {seed}: {}\nonce more: {once_more}\nmade smaller ({} of {}): {} {kept:?}",
            sum.failed.len(),
            told.wrong.join("\n  "),
            case.size(),
            Case::of(*seed, accounts).size(),
            path.display(),
        );
    }
}

/// What once failed, made as small as it would go.
#[test]
fn what_once_failed_holds() {
    let files = std::fs::read_dir(cases()).expect("tests/simulation/cases").map(|entry| entry.expect("an entry").path());
    for path in files.filter(|path| path.extension().is_some_and(|extension| extension == "json")) {
        let text = std::fs::read_to_string(&path).expect("a case");
        let case: Case = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let told = play(&case);
        assert!(told.wrong.is_empty(), "{}:\n  {}\n{}", path.display(), told.wrong.join("\n  "), told.log.join("\n"));
    }
}

/// The digests of the logs of some stories, as every machine has to come to: `LANDFALL_BLESS=1` writes them anew.
#[test]
fn equal_seeds_tell_equal_stories_on_every_machine() {
    let path = cases().join("digests.txt");
    let told = |seed: u64| {
        let [one, other] = [(), ()].map(|()| play(&Case::of(seed, 6)));
        assert!(one.log.len() > 20, "seed {seed} tells nothing");
        assert_eq!(one.log, other.log, "seed {seed}");
        format!("{seed} {}\n", one.digest())
    };
    let digests: String = (1..=5).map(told).collect();
    if std::env::var_os("LANDFALL_BLESS").is_some() {
        std::fs::write(&path, &digests).expect("tests/simulation/cases/digests.txt");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(digests, kept, "other plans, other runs, or another machine (LANDFALL_BLESS=1 keeps what came out)");
}

/// Patience is what throttling and delays ask for: without anything worse, one run is enough and no step fails.
#[test]
fn throttling_and_delays_alone_fail_nothing() {
    for seed in 1..=10 {
        let mut case = Case::of(seed, 6);
        let first = case.chapters[0].clone();
        let faults = Faults { throttled: 10, unsettled: 3, slow: 5, stale: 30, ..Faults::default() };
        let (between, during, troubles, runs) = (Vec::new(), Vec::new(), Vec::new(), vec![story::CALM]);
        case.chapters = vec![Chapter { faults, between, during, troubles, runs, ..first }];
        let told = play(&case);
        assert_eq!(told.wrong, Vec::<String>::new(), "seed {seed}");
        let failed = told.log.iter().find(|line| line.contains("Failed(") || line.contains("Skipped"));
        assert!(failed.is_none() && told.log.iter().any(|line| line.contains("waits: Throttled")), "seed {seed}: {failed:?}");
    }
}

/// A harness in which nothing goes wrong proves nothing: each of these has to come up in the stories of some seeds.
#[test]
fn the_storms_are_storms() {
    const SEEN: [&str; 16] = [
        "is killed",
        "Drifted",
        "Throttled",
        "Lost",
        "Unsettled",
        "AccessDenied",
        "LimitExceeded",
        "somebody does Foreign",
        "suffers Suspended",
        " held",
        "its turn ended",
        " - ",
        "account/main",
        "blocking notes",
        "not approved",
        "stands still",
    ];
    let mut unseen: Vec<&str> = SEEN.to_vec();
    for seed in 1..=120 {
        let log = play(&Case::of(seed, 6)).log;
        unseen.retain(|word| !log.iter().any(|line| line.contains(word)));
    }
    assert_eq!(unseen, Vec::<&str>::new(), "what never comes up in any story");
}
