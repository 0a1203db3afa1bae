//! A case from its first pull request to its end: edits, reviews, runs in a storm, and the calm in which all has to come out right. Says
//! what was wrong; fixes nothing.

use super::aws::Aws;
use super::case::{self, Case, Chapter, Drift};
use super::files::Files;
use super::run::{Ended, Planned, Review, Run};
use landfall::apply::Outcome;
use landfall::kinds::Spec;
use landfall::model::{Address, Digest, Effect, Severity};
use landfall::plan::Declared;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// Once a storm is over, so many runs are plenty: one does what is planned, one what only then could be, and one what was held back.
const CALM_RUNS: usize = 5;
/// More than any story takes: a run without an end must not go on for ever. Beyond it something waits for what never comes.
const LONGEST: Duration = Duration::from_secs(10 * 24 * 3600);
/// Awaits in one story. The largest take a third of it.
const MOST_CALLS: u64 = 200_000;
/// Between a review and a run, and between two runs.
const PAUSE: Duration = Duration::from_secs(300);

/// What came of a case.
#[derive(Debug, Default)]
pub struct Told {
    pub wrong: Vec<String>,
    pub log: Vec<String>,
    pub passed: Duration,
    pub calls: u64,
    pub runs: usize,
    pub accounts: usize,
}

impl Told {
    pub fn digest(&self) -> Digest {
        Digest::of_text(&self.log.join("\n"))
    }

    /// What the first thing that is wrong is, without who and where.
    pub fn what(&self) -> Option<&str> {
        self.wrong.first().map(|wrong| wrong.rsplit(": ").next().unwrap_or_default())
    }
}

struct Story {
    aws: Rc<RefCell<Aws>>,
    files: Files,
    runs: usize,
}

pub const CALM: case::Run =
    case::Run { killed_after: None, stalled_after: None, rival: false, plans_first: false, clock: 0, jump: 0, spares: false };

/// Plays a case in virtual time.
pub fn play(case: &Case) -> Told {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| runtime.block_on(tell(case))));
    told.unwrap_or_else(|panic| {
        let why = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|why| (*why).to_owned()));
        Told { wrong: vec![format!("a panic: {}", why.unwrap_or_default())], ..Told::default() }
    })
}

async fn tell(case: &Case) -> Told {
    let mut story = Story { aws: Rc::new(RefCell::new(Aws::new(case.seed))), files: Files::of(case), runs: 0 };
    for (number, chapter) in case.chapters.iter().enumerate() {
        let played = tokio::time::timeout(LONGEST, story.chapter(number, chapter)).await;
        let mut aws = story.aws.borrow_mut();
        if played.is_err() {
            aws.wrong.push(format!("chapter {number}: it takes longer than any story may"));
        }
        if aws.calls > MOST_CALLS {
            aws.wrong.push(format!("chapter {number}: it takes more calls than any story may"));
        }
        if !aws.wrong.is_empty() {
            break;
        }
    }
    let mut aws = story.aws.borrow_mut();
    let (wrong, log) = (std::mem::take(&mut aws.wrong), std::mem::take(&mut aws.log));
    Told { wrong, log, passed: aws.elapsed(), calls: aws.calls, runs: story.runs, accounts: aws.emails.len() }
}

impl Story {
    fn run(&mut self, like: case::Run) -> Run {
        self.runs += 1;
        Run::new(format!("run-{}", self.runs), &self.aws, &self.files, like)
    }

    async fn chapter(&mut self, number: usize, chapter: &Chapter) {
        self.aws.borrow_mut().tell("chapter", &number.to_string());
        chapter.edits.iter().for_each(|edit| self.files.edit(edit));
        chapter.before.iter().for_each(|drift| self.aws.borrow_mut().drift(drift));
        chapter.troubles.iter().for_each(|trouble| self.aws.borrow_mut().befall(trouble));
        self.aws.borrow_mut().faults = chapter.faults.clone();
        for (place, like) in chapter.runs.iter().enumerate() {
            let review = self.review().await.review();
            if place == 0 {
                chapter.between.iter().for_each(|drift| self.aws.borrow_mut().drift(drift));
            }
            tokio::time::sleep(PAUSE).await;
            let people = self.people(&chapter.during);
            futures::future::join(self.storm(like, review), people).await;
        }
        self.aws.borrow_mut().calm();
        tokio::time::sleep(PAUSE).await;
        self.converge(number).await;
    }

    /// Somebody looks at the plan of a pull request.
    async fn review(&self) -> Planned {
        Run::new("review".to_owned(), &self.aws, &self.files, CALM).plan().await
    }

    /// What people do while a run goes on.
    fn people(&self, during: &[(u64, Drift)]) -> impl Future<Output = ()> + use<> {
        let (aws, mut during) = (self.aws.clone(), during.to_vec());
        during.sort_by_key(|(after, _)| *after);
        async move {
            let began = tokio::time::Instant::now();
            for (after, drift) in during {
                tokio::time::sleep_until(began + Duration::from_secs(after)).await;
                aws.borrow_mut().drift(&drift);
            }
        }
    }

    async fn storm(&mut self, like: &case::Run, review: Review) {
        let rival = like
            .rival
            .then(|| self.run(case::Run { clock: -like.clock, killed_after: None, stalled_after: None, jump: 0, ..like.clone() }));
        let run = self.run(like.clone());
        match rival {
            Some(rival) => drop(futures::future::join(run.go(Some(review.clone())), rival.go(Some(review))).await),
            None => drop(run.go(Some(review)).await),
        }
    }

    /// Without faults, kills and drift: few runs, then an empty plan, and everything there that is declared.
    async fn converge(&mut self, number: usize) {
        let mut last = None;
        for _ in 0..=CALM_RUNS {
            let planned = self.review().await;
            if planned.plan.is_empty() {
                return self.settled(number, &planned);
            }
            let run = self.run(CALM);
            if let Ended::Applied(outcome) = run.go(Some(planned.review())).await {
                last = Some(outcome);
            }
            if !self.aws.borrow().wrong.is_empty() {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
        let left = last.map(|outcome| unfinished(&outcome)).unwrap_or_default();
        self.aws.borrow_mut().wrong.push(format!("chapter {number} ({left}): it does not converge"));
    }

    fn settled(&self, number: usize, planned: &Planned) {
        let mut aws = self.aws.borrow_mut();
        let blocked = planned.report.notes.iter().any(|note| note.severity == Severity::Blocking);
        let missing = planned.desired.resources.keys().find(|at| !aws.things.contains_key(*at));
        if let Some(missing) = missing.filter(|_| !blocked) {
            let wrong = format!("chapter {number}: {missing}: the plan is empty, and something declared is not there");
            aws.wrong.push(wrong);
        }
        let differs = |(at, declared): &(&Address, &Declared)| aws.find(at).is_some_and(|found| is_left(&found.spec, &declared.spec));
        let different = planned.desired.resources.iter().find(differs).map(|(at, _)| at);
        if let Some(different) = different.filter(|_| !blocked) {
            let wrong = format!("chapter {number}: {different}: the plan is empty, and something is not as declared");
            aws.wrong.push(wrong);
        }
        let twice = aws.emails.iter().find(|(_, times)| **times > 1).map(|(email, _)| email.clone());
        if let Some(email) = twice {
            aws.wrong.push(format!("chapter {number}: {email}: a second account for an email"));
        }
        let notes = planned.report.notes.len();
        aws.tell("chapter", &format!("{number} ends with {notes} notes"));
    }
}

/// Whether there is something to do that a plan can do. What a file leaves to the planner, such as a range, is as it should be.
fn is_left(live: &Spec, declared: &Spec) -> bool {
    let chosen = declared.cidr().is_some_and(|cidr| cidr.fixed().is_none());
    let by_plan = |effect: Effect| matches!(effect, Effect::InPlace | Effect::Replaces);
    Spec::changes(live, declared).iter().any(|change| by_plan(change.effect) && !(chosen && change.field == "cidr"))
}

fn unfinished(outcome: &Outcome) -> String {
    let left = outcome.steps.iter().filter(|(_, result)| !result.succeeded()).take(2);
    left.map(|(at, result)| format!("{at}: {result:?}")).collect::<Vec<_>>().join(", ")
}
