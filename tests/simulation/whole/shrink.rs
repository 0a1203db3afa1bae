//! Makes a failing case smaller for as long as it fails in the same way: fewer chapters, domains, edits and faults. Never makes another case
//! of it.

use super::case::{Case, Chapter, Faults, Run};
use super::files::Team;
use super::story::play;

/// So many cases are tried at most: by then little is left to take away.
const TRIES: usize = 400;

/// The smallest case found that fails as this one does.
pub fn shrink(case: Case) -> Case {
    let what = play(&case).what().map(str::to_owned);
    shrink_while(case, |smaller| play(smaller).what() == what.as_deref())
}

fn shrink_while(case: Case, fails: impl Fn(&Case) -> bool) -> Case {
    let (mut smallest, mut tries) = (case, 0);
    loop {
        let smaller = smaller(&smallest).into_iter().find(|smaller| {
            tries += 1;
            tries <= TRIES && fails(smaller)
        });
        match smaller {
            Some(smaller) => smallest = smaller,
            None => return smallest,
        }
    }
}

/// The cases that are one thing smaller, the largest things first.
fn smaller(case: &Case) -> Vec<Case> {
    let with = |change: &dyn Fn(&mut Case)| {
        let mut smaller = case.clone();
        change(&mut smaller);
        smaller
    };
    let mut all: Vec<Case> = (0..case.chapters.len()).rev().map(|at| with(&|case| drop(case.chapters.remove(at)))).collect();
    all.extend((0..case.teams.len()).rev().map(|at| with(&|case| drop(case.teams.remove(at)))));
    for at in 0..case.chapters.len() {
        all.extend(chapters(&case.chapters[at]).into_iter().map(|chapter| with(&|case| case.chapters[at] = chapter.clone())));
    }
    for at in 0..case.teams.len() {
        all.extend(teams(&case.teams[at]).into_iter().map(|team| with(&|case| case.teams[at] = team.clone())));
    }
    all.push(with(&|case| (case.sick_estate, case.bake_seconds) = (false, 0)));
    all.retain(|smaller| smaller != case);
    all
}

fn without<T: Clone>(list: &[T]) -> Vec<Vec<T>> {
    (0..list.len()).map(|at| [&list[..at], &list[at + 1..]].concat()).collect()
}

fn chapters(of: &Chapter) -> Vec<Chapter> {
    let mut all = vec![Chapter { faults: Faults::default(), ..of.clone() }];
    all.extend(without(&of.runs).into_iter().map(|runs| Chapter { runs, ..of.clone() }));
    all.extend(without(&of.edits).into_iter().map(|edits| Chapter { edits, ..of.clone() }));
    all.extend(without(&of.troubles).into_iter().map(|troubles| Chapter { troubles, ..of.clone() }));
    all.extend(without(&of.before).into_iter().map(|before| Chapter { before, ..of.clone() }));
    all.extend(without(&of.during).into_iter().map(|during| Chapter { during, ..of.clone() }));
    all.extend(without(&of.between).into_iter().map(|between| Chapter { between, ..of.clone() }));
    for at in 0..of.runs.len() {
        all.extend(runs(&of.runs[at]).into_iter().map(|run| {
            let mut chapter = of.clone();
            chapter.runs[at] = run;
            chapter
        }));
    }
    let fault = |change: fn(&mut Faults)| {
        let mut chapter = of.clone();
        change(&mut chapter.faults);
        chapter
    };
    all.extend([
        fault(|faults| faults.throttled = 0),
        fault(|faults| faults.lost = 0),
        fault(|faults| faults.slow = 0),
        fault(|faults| faults.unsettled = 0),
        fault(|faults| faults.stale = 0),
        fault(|faults| faults.unread = 0),
        fault(|faults| faults.flapping = 0),
        fault(|faults| faults.unrecorded = 0),
    ]);
    all
}

fn runs(of: &Run) -> Vec<Run> {
    vec![
        Run { killed_after: None, ..of.clone() },
        Run { stalled_after: None, ..of.clone() },
        Run { rival: false, ..of.clone() },
        Run { plans_first: false, ..of.clone() },
        Run { clock: 0, jump: 0, ..of.clone() },
        Run { spares: false, ..of.clone() },
    ]
}

fn teams(of: &Team) -> Vec<Team> {
    let mut all = vec![
        Team { network: None, ..of.clone() },
        Team { role: false, ..of.clone() },
        Team { logs: 0, ..of.clone() },
        Team { watched: false, ..of.clone() },
        Team { elsewhere: false, ..of.clone() },
    ];
    all.extend(without(&of.environments).into_iter().filter(|left| !left.is_empty()).map(|left| Team { environments: left, ..of.clone() }));
    all
}

#[test]
fn what_is_left_is_what_it_takes() {
    let killed_in_a_retirement = |case: &Case| {
        let is_it = |chapter: &Chapter| {
            let retires = chapter.edits.iter().any(|edit| matches!(edit, super::case::Edit::Retire(_)));
            retires && chapter.runs.iter().any(|run| run.killed_after.is_some())
        };
        case.chapters.iter().any(is_it) && case.teams.iter().any(|team| team.network.is_some())
    };
    let case = (1..).map(|seed| Case::of(seed, 30)).find(killed_in_a_retirement).expect("one of the first seeds");
    let smallest = shrink_while(case.clone(), killed_in_a_retirement);
    assert!(killed_in_a_retirement(&smallest) && case.size() > 50, "{}", case.size());
    // A domain of one account with a network, and a chapter of one edit and one run.
    assert!(smallest.size() <= 8, "{smallest:?}");
}
