//! Comments and pages as a pull request has them.

use super::*;
use crate::render::made;

fn occasion() -> Occasion {
    Occasion { commit: "0123456789abcdef".to_owned(), run: Some((7, "https://run.example/7".to_owned())), previous: None }
}

#[test]
fn of_a_failure_the_last_words_are_shown_and_how_many_came_before() {
    let failed = |lines: std::ops::RangeInclusive<usize>| {
        let why: String = lines.map(|line| format!("line {line}.\n")).collect();
        failed(&made::name("acme"), &why, &occasion())
    };
    let long = failed(1..=203);
    assert!(long.contains("(3 lines before these are in the log)\nline 4.\n") && long.contains("line 203.\n"), "{long}");
    assert!(!long.contains("line 3.\n"));
    let whole = failed(1..=200);
    assert!(whole.contains("\nline 1.\n") && !whole.contains("before these"));
    assert!(whole.contains("planning failed") && whole.contains("https://run.example/7") && whole.contains("`0123456`"));
    assert_eq!(Marker::of(&whole).map(|marker| (marker.plan, marker.run)), Some((None, Some(7))));
}

#[test]
fn a_failure_of_long_lines_still_fits_and_says_as_much_of_each_as_there_is_room_for() {
    let why = format!("{}\n", "\u{1f6ec}".repeat(1000)).repeat(300);
    let body = failed(&made::name("acme"), &why, &occasion());
    assert!(body.len() <= LARGEST_BODY, "{}", body.len());
    assert!(body.contains(&"\u{1f6ec}".repeat(LARGEST_BODY / LAST_WORDS / 4)));
}

#[test]
fn when_nothing_else_fits_the_verdict_does_and_where_the_rest_is() {
    // Nothing is alike, and each step is dangerous enough to be named on every level.
    let steps = (0..1_200).map(|at| {
        let mut step = made::delete(&format!("domain{at:04}/prod/global/iam-role/{}-{at}", "role".repeat(12)), false);
        step.concerns = vec![crate::model::Concern { risk: crate::model::Risk::Dangerous, why: "it is gone".into() }];
        step
    });
    let plan = made::plan([("prod", steps.collect())]);
    let body = comment(&plan, &Report { accounts: 1_200, ..Report::default() }, &occasion());
    assert!(body.len() < 4_096, "{}", body.len());
    for said in ["1200 changes in 1200 accounts", "1200 to delete", "every single step", "https://run.example/7"] {
        assert!(body.contains(said), "{said}: {body}");
    }
    let marker = Marker::of(&body).unwrap();
    assert_eq!((marker.plan, marker.shown), (Some(Digest::of(&plan)), vec![]));
}

/// A plan that makes these roles, each in two accounts of its own, and one in a single account.
fn roles(names: &[&str]) -> Plan {
    let at = |account: &str, name: &str| made::create(&format!("{account}/global/iam-role/{name}"), false);
    let alike = names.iter().flat_map(|name| [at(&format!("of{name}/stage"), name), at(&format!("of{name}/prod"), name)]);
    made::plan([("prod", alike.chain([at("c/prod", "alone")]).collect())])
}

#[test]
fn the_next_comment_says_what_has_changed_since_the_last() {
    let first = comment(&roles(&["one", "two"]), &Report::default(), &occasion());
    assert!(!first.contains("Since") && !first.contains("same plan") && !first.contains("new"), "{first}");
    let next = |names: &[&str], previous: &str| {
        let occasion = Occasion { commit: "fedcba9876543210".to_owned(), previous: Some(previous.to_owned()), ..occasion() };
        comment(&roles(names), &Report::default(), &occasion)
    };
    assert!(next(&["one", "two"], &first).contains("\nThe same plan as the plan of `0123456`.\n"));
    let other = next(&["two", "three", "four"], &first);
    assert!(other.contains("\nSince the plan of `0123456`: 2 new patterns, marked so; 1 gone.\n"), "{other}");
    let marked = |name: &str| other.lines().any(|line| line.contains(&format!("iam-role {name}")) && line.contains("· new"));
    assert_eq!(["one", "two", "three", "four", "alone"].map(marked), [false, false, true, true, false], "{other}");
    let less = next(&["two"], &first);
    assert!(less.contains("\nSince the plan of `0123456`: 0 new patterns, marked so; 1 gone.\n"), "{less}");
}

#[test]
fn after_a_failure_nothing_is_called_new_and_without_a_commit_it_is_the_previous_plan() {
    let after = |previous: String| comment(&roles(&["one"]), &Report::default(), &Occasion { previous: Some(previous), ..occasion() });
    let recovered = after(failed(&made::name("acme"), "no", &occasion()));
    assert!(recovered.contains("\nThe previous attempt to plan failed.\n") && !recovered.contains("· new"), "{recovered}");
    let nowhere = comment(&roles(&["one"]), &Report::default(), &Occasion::default());
    assert!(after(nowhere.clone()).contains("\nThe same plan as the previous plan.\n"));
    // Other values of the same steps: another plan, of which nothing is new.
    let mut marker = Marker::of(&nowhere).unwrap();
    marker.plan = Some(Digest::of(&"another"));
    assert!(after(marker.line()).contains("\nSince the previous plan: the same steps.\n"));
}

#[test]
fn pages_hold_everything_in_order_and_each_fits_a_job_summary() {
    use crate::model::{Note, Subject};
    let note = |severity, summary: &str| Note::new(severity, Subject::Estate, summary, "more");
    let notes = vec![note(Severity::Warning, "a warning"), note(Severity::Blocking, "a blocker")];
    let all = pages(&roles(&["one"]), &Report { notes: notes.clone(), ..Report::default() });
    assert_eq!(all.len(), 1);
    let at = |text: &str| all[0].find(text).unwrap_or_else(|| panic!("{text}: {}", all[0]));
    let order = ["### Landfall", "a blocker", "#### Outliers", "#### Patterns", "#### What the names in", "a warning"].map(at);
    assert!(order.is_sorted(), "{}", all[0]);
    assert_eq!((all[0].matches("a blocker").count(), all[0].matches("a warning").count()), (1, 1));
    assert!(!pages(&made::plan([]), &Report::default())[0].contains("What the names"), "nothing stands for anything");

    // Each note is a part, and three of them fill a page to the byte or leave room for one more letter.
    let page = 1024 * 1024 - 64 * 1024;
    let of = |length: usize, count: usize| {
        let note = |at: usize| Note::new(Severity::Warning, Subject::Estate, &format!("{at}"), "x".repeat(length));
        pages(&made::plan([]), &Report { notes: (0..count).map(note).collect(), ..Report::default() })
    };
    let around = of(1, 1)[0].len() - of(0, 0)[0].len() - 1;
    let rest = page - of(0, 0)[0].len() - around;
    assert_eq!([rest, rest + 1].map(|length| of(length, 1).len()), [1, 2], "as much as fits, and one letter more");
    let many = of(page / 3, 7);
    assert!(many.len() > 2 && many.iter().all(|page| !page.is_empty() && page.len() <= 1024 * 1024));
    assert_eq!(many.concat().matches(&"x".repeat(page / 3)).count(), 7);
}

#[test]
fn a_part_larger_than_a_page_goes_over_several_and_loses_no_line() {
    let page = 1024 * 1024 - 64 * 1024;
    let detail: String = (0..10_000).map(|line| format!("line {line} {}\n", "x".repeat(150))).collect();
    let note = crate::model::Note::new(Severity::Blocking, crate::model::Subject::Estate, "long", detail);
    let all = pages(&made::plan([]), &Report { notes: vec![note], ..Report::default() });
    assert!(all.len() > 1 && all.iter().all(|one| one.len() <= page), "{:?}", all.iter().map(String::len).collect::<Vec<_>>());
    let text = all.concat();
    let kept: std::collections::BTreeSet<&str> = text.lines().filter_map(|line| line.trim().strip_suffix(&"x".repeat(150))).collect();
    assert!((0..10_000).all(|line| kept.contains(format!("line {line} ").as_str())));
    assert!(text.contains("(a part larger than a page)"));
    assert_eq!(text.matches("```\n").count() / 2, 7 + 1, "a quarter of a page in each fence, and the one that the note had");

    // A line that is longer than that goes on, whatever it is made of.
    for (letter, count) in [("x", 2_000_000), ("\u{1f512}", 400_000), ("`", 1_000_000)] {
        let note = crate::model::Note::new(Severity::Blocking, crate::model::Subject::Estate, "long", letter.repeat(count));
        let all = pages(&made::plan([]), &Report { notes: vec![note], ..Report::default() });
        assert!(all.iter().all(|one| one.len() <= page), "{letter} {:?}", all.iter().map(String::len).collect::<Vec<_>>());
        assert!(all.concat().matches(letter).count() >= count, "{letter}");
    }
}

#[test]
fn the_legend_is_of_the_accounts_whose_steps_are_folded() {
    let page = pages(&roles(&["one"]), &Report::default()).concat();
    let legend = page.split("What the names in").nth(1).unwrap();
    let named = ["ofone/prod: ", "ofone/stage: ", "c/prod: "].map(|account| legend.contains(account));
    assert_eq!(named, [true, true, false], "{legend}");
}
