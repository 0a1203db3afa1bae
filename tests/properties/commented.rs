//! The comment: small enough whatever the plan, naming every outlier and every dangerous step, and nothing from outside gets out of its code.

use crate::estates::{Domain, applied, domain, with_domains};
use crate::generated::{POOL, all_applied, domains, upset, upsets};
use landfall::kinds::Spec;
use landfall::model::{Account, Change, Concern, Environment, Note, Risk, Severity, Subject};
use landfall::plan::{Action, Live, Plan, Report, plan};
use landfall::render::comment::{LARGEST_BODY, Marker, Occasion, comment, failed, pages};
use landfall::render::fold::fold;
use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// What attackers and unlucky people put into names, tags and messages.
const HOSTILE: [&str; 9] = [
    "@everyone #1 !2 https://evil.example",
    "``` \n# heading\n```",
    "````````",
    "</code></summary></details><img src=x onerror=alert(1)>",
    "-->\n<script>alert(1)</script>",
    "[click](javascript:alert(1)) ![](https://evil.example/x.png)",
    "\u{202e}reversed\u{200b}\u{1b}[31m",
    "| a | b |\n|---|---|\n~~~",
    "$$\\unsafe$$ :tada: <!-- -->",
];

/// So many prod accounts with a tag changed in each, among them seeded outliers, a hidden delete and hostile values.
fn estate_of(count: usize, outliers: &[usize], dangerous: &[usize]) -> (Plan, Report) {
    let of = |number| Domain {
        environments: vec![Environment::Prod],
        vpc_prefix: 21,
        zones: vec!['a', 'b'],
        newbits: 4,
        ..domain(&format!("team-{number:03}"))
    };
    let domains: Vec<Domain> = (0..count).map(of).collect();
    let mut desired = with_domains(POOL, &domains);
    let live = applied(&plan(&desired, &Live::default()).0, &Live::default());
    for declared in desired.resources.values_mut() {
        if let Some(tags) = declared.spec.tags() {
            tags.insert("cost-center".into(), HOSTILE.join(" ").replace('\n', " "));
        }
    }
    let (mut plan, report) = plan(&desired, &live);
    for (number, steps) in plan.waves[0].accounts.values_mut().enumerate() {
        if outliers.contains(&number) {
            let Action::Update { changes, .. } = &mut steps[0].action else { panic!("an update") };
            changes.push(Change::between("zone", None, Some(format!("{} {number}", HOSTILE[number % HOSTILE.len()]))));
        }
        if dangerous.contains(&number) {
            let Action::Update { live, .. } = steps[1].action.clone() else { panic!("an update") };
            steps[1].action = Action::Delete { live, replacing: false, why: Vec::new() };
            steps[1].concerns = vec![Concern { risk: Risk::Dangerous, why: HOSTILE[number % HOSTILE.len()].to_owned() }];
        }
    }
    (plan, report)
}

fn occasion() -> Occasion {
    Occasion { commit: "abc".into(), run: Some((1, "https://github.com/acme/platform/actions/runs/1".into())), previous: None }
}

/// Everything outside of code is ours: no mention, no link but to the run, no image, no tag but those that fold and set in code.
fn is_harmless(markdown: &str) -> Result<(), String> {
    const TAGS: [&str; 10] =
        ["<details>", "<details open>", "</details>", "<summary>", "</summary>", "<b>", "</b>", "<code>", "</code>", "<!-- landfall "];
    let (mut in_code, mut open) = (false, 0);
    for event in Parser::new_ext(markdown, Options::all()) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(TagEnd::CodeBlock) => in_code = false,
            Event::Text(text) if !in_code && text.contains(['@', '<', '>']) => return Err(format!("text: {text}")),
            Event::Start(Tag::Image { dest_url, .. }) => return Err(format!("image: {dest_url}")),
            Event::Start(Tag::Link { dest_url, .. }) if !dest_url.starts_with("https://github.com/acme/platform/") => {
                return Err(format!("link: {dest_url}"));
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                let mut rest = html.as_ref();
                while let Some(at) = rest.find('<') {
                    rest = &rest[at..];
                    let tag = TAGS.iter().find(|tag| rest.starts_with(**tag)).ok_or_else(|| format!("tag: {rest}"))?;
                    open += i32::from(tag.starts_with("<details")) - i32::from(*tag == "</details>");
                    rest = if tag.starts_with("<!--") { rest.split_once("-->").ok_or("an open comment")?.1 } else { &rest[tag.len()..] };
                }
                let bare = html.split("<code>").map(|part| part.split_once("</code>").map_or(part, |(_, after)| after)).collect::<String>();
                if !html.starts_with("<!--") && bare.contains('@') {
                    return Err(format!("mention: {html}"));
                }
            }
            _ => {}
        }
    }
    if in_code || open != 0 { Err(format!("open: fence {in_code}, sections {open}")) } else { Ok(()) }
}

fn is_sound(body: &str, pages: &[String]) -> Result<(), String> {
    if body.len() > LARGEST_BODY {
        return Err(format!("{} bytes", body.len()));
    }
    if let Some(page) = pages.iter().find(|page| page.len() > 1024 * 1024) {
        return Err(format!("a page of {} bytes", page.len()));
    }
    std::iter::once(body).chain(pages.iter().map(String::as_str)).try_for_each(is_harmless)
}

#[test]
fn large_plans_fit_and_name_every_outlier_and_every_dangerous_step() {
    for (count, every) in [(130, 20), (500, 20), (500, 9)] {
        let outliers: Vec<usize> = (0..count).filter(|number| number % every == 3).collect();
        let dangerous: Vec<usize> = (0..count).filter(|number| number % (every * 5) == 7).collect();
        let (plan, report) = estate_of(count, &outliers, &dangerous);
        let comment = comment(&plan, &report, &occasion());
        assert_eq!(is_sound(&comment, &pages(&plan, &report)), Ok(()), "{count} {every}");
        assert!(fold(&plan).expand().as_ref() == Ok(&plan.waves), "{count} {every}: what is folded expands to the very plan");
        let named = |numbers: &[usize]| {
            numbers.iter().all(|number| {
                comment.contains(&format!("`team-{number:03}/prod`")) || comment.contains(&format!("<code>team-{number:03}/prod</code>"))
            })
        };
        assert!(named(&outliers), "{count} {every}: an outlier is not named");
        assert!(named(&dangerous), "{count} {every}: a dangerous step is not named");
        let (first, _) = comment.split_once("#### Outliers").expect("outliers");
        assert!(first.contains("#### Dangerous"), "dangerous steps stand before outliers");
        assert!(comment.contains("cost-center") || comment.contains("Left out here for lack of room"), "what is missing is said");
    }
}

#[test]
fn one_dangerous_step_among_thousands_is_shown_in_full() {
    let (plan, report) = estate_of(500, &[], &[321]);
    let body = comment(&plan, &report, &occasion());
    let (_, dangerous) = body.split_once("#### Dangerous").expect("a section of its own");
    assert!(dangerous.contains("**`team-321/prod`**") && body.contains("**dangerous** (1 step)"), "{}", &body[..2000]);
}

#[test]
fn notes_and_failures_are_harmless_and_small() {
    let (plan, mut report) = estate_of(40, &[1], &[2]);
    for (number, text) in HOSTILE.iter().cycle().take(3000).enumerate() {
        let account: Account = format!("team-{number:03}/prod").parse().unwrap();
        report.notes.push(Note::new(Severity::Blocking, Subject::Account(account), "Live state could not be read", *text).hint(*text));
    }
    assert_eq!(is_sound(&comment(&plan, &report, &occasion()), &pages(&plan, &report)), Ok(()));
    let comment = failed(&plan.estate, &HOSTILE.join("\n").repeat(5000), &occasion());
    assert_eq!(is_sound(&comment, &[]), Ok(()));
    assert_eq!(Marker::of(&comment).map(|marker| marker.plan), Some(None));
}

#[test]
fn the_next_comment_says_what_is_new() {
    let (before, report) = estate_of(40, &[], &[]);
    let first = comment(&before, &report, &occasion());
    let next = |plan: &Plan| comment(plan, &report, &Occasion { previous: Some(first.clone()), ..occasion() });
    assert!(next(&before).contains("The same plan as"), "{}", next(&before));
    let (after, _) = estate_of(40, &[5], &[]);
    assert!(next(&after).contains("Since the plan of `abc`: 2 new patterns, marked so; 1 gone."), "{}", &next(&after)[..2000]);
    assert!(next(&after).contains("<code>team-005/prod</code></b> · ") && next(&after).contains("· new"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_plan_has_a_sound_comment(before in domains(), after in domains(), upsets in upsets()) {
        let mut live = all_applied(&with_domains(POOL, &before));
        upset(&mut live, &upsets);
        for (number, found) in live.found.values_mut().enumerate() {
            if let Some(tags) = Spec::tags(&mut found.spec) {
                tags.insert(format!("note-{number}"), HOSTILE[number % HOSTILE.len()].to_owned());
            }
        }
        let (plan, report) = plan(&with_domains(POOL, &after), &live);
        let comment = comment(&plan, &report, &occasion());
        prop_assert_eq!(is_sound(&comment, &pages(&plan, &report)), Ok(()));
        let marker = Marker::of(&comment).expect("a marker");
        prop_assert_eq!(marker.plan, Some(landfall::model::Digest::of(&plan)));
    }
}
