//! Whether one answer says nothing else than another: all that the first says has to be in the second, but for ids, which only have to
//! stand for each other throughout, and for times.

use super::tree::Tree;
use std::collections::BTreeMap;

/// Which id of the second stands for which of the first.
#[derive(Clone, Debug, Default)]
pub struct Pairs {
    theirs: BTreeMap<String, String>,
    ours: BTreeMap<String, String>,
}

/// What no two services answer alike: what a request was called, where a listing goes on, and when it was.
const PASSED_OVER: [&str; 6] =
    ["_request_id", "_extended_request_id", "next_token", "next_continuation_token", "seconds", "subsecond_nanos"];

/// All in which they differ, with its place.
pub fn differences(ours: &Tree, theirs: &Tree, pairs: &mut Pairs) -> Vec<String> {
    let mut found = Vec::new();
    look("", ours, theirs, pairs, &mut found);
    found
}

fn look(place: &str, ours: &Tree, theirs: &Tree, pairs: &mut Pairs, found: &mut Vec<String>) {
    match (ours, theirs) {
        (Tree::Nothing, _) => {}
        (Tree::Text(text), Tree::Nothing) if text.is_empty() => {}
        (Tree::Text(ours), Tree::Text(theirs)) if pairs.stand_for(ours, theirs) => {}
        (Tree::Text(ours), Tree::Text(theirs)) if let (Some(ours), Some(theirs)) = (Tree::of_json(ours), Tree::of_json(theirs)) => {
            look(place, &ours, &theirs, pairs, found);
        }
        (Tree::Fields(ours), Tree::Fields(theirs)) => {
            for (name, ours) in ours.iter().filter(|(name, _)| !PASSED_OVER.contains(&name.as_str())) {
                let theirs = theirs.iter().find(|(other, _)| other == name).map_or(&Tree::Nothing, |(_, value)| value);
                look(&format!("{place}.{name}"), ours, theirs, pairs, found);
            }
        }
        (Tree::List(ours), Tree::List(theirs)) if ours.len() == theirs.len() => in_any_order(place, ours, theirs, pairs, found),
        _ => found.push(format!("{place}: simulated: {}, emulated: {}", short(ours), short(theirs))),
    }
}

/// Each of ours is one of theirs, and no two are the same one.
fn in_any_order(place: &str, ours: &[Tree], theirs: &[Tree], pairs: &mut Pairs, found: &mut Vec<String>) {
    let mut left: Vec<&Tree> = theirs.iter().collect();
    for one in ours {
        let fits = |other: &&Tree| {
            let mut tried = pairs.clone();
            differences(one, other, &mut tried).is_empty().then_some(tried)
        };
        match left.iter().enumerate().find_map(|(at, other)| Some((at, fits(other)?))) {
            Some((at, tried)) => {
                *pairs = tried;
                left.remove(at);
            }
            None => match left.as_slice() {
                [only] if ours.len() == 1 => look(&format!("{place}[0]"), one, only, pairs, found),
                _ => found.push(format!(
                    "{place}: the emulated has none that is {}, but {}",
                    short(one),
                    short(&Tree::List(theirs.to_vec()))
                )),
            },
        }
    }
}

impl Pairs {
    /// Whether two texts are the same, but for ids and times.
    fn stand_for(&mut self, ours: &str, theirs: &str) -> bool {
        if ours == theirs || is_time(ours) && is_time(theirs) {
            return true;
        }
        let (ours, theirs): (Vec<&str>, Vec<&str>) = (words(settled(ours)), words(settled(theirs)));
        ours.len() == theirs.len() && ours.iter().zip(&theirs).all(|(ours, theirs)| ours == theirs || self.pair(ours, theirs))
    }

    fn pair(&mut self, ours: &str, theirs: &str) -> bool {
        if !is_id(ours) || !is_id(theirs) && !same_kind(ours, theirs) {
            return false;
        }
        let known = self.theirs.entry(ours.to_owned()).or_insert_with(|| theirs.to_owned()) == theirs;
        known && self.ours.entry(theirs.to_owned()).or_insert_with(|| ours.to_owned()) == ours
    }
}

/// The ARN of a secret without the six letters at its end, by which nobody knows an id. Whatever else is said, as it is.
fn settled(text: &str) -> &str {
    const LETTERS: usize = 6;
    let ends = |(_, end): &(&str, &str)| text.contains(":secret:") && end.len() == LETTERS;
    text.rsplit_once('-').filter(ends).map_or(text, |(rest, _)| rest)
}

/// The words of ARNs, documents and sentences.
fn words(text: &str) -> Vec<&str> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-').collect()
}

fn is_id(word: &str) -> bool {
    const PREFIXES: [&str; 4] = ["r-", "o-", "ou-", "p-"];
    let has_digit = word.contains(|letter: char| letter.is_ascii_digit());
    let is_loud = word.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit());
    PREFIXES.iter().any(|prefix| word.starts_with(prefix))
        || has_digit && (word.len() >= 8 || word.contains('-'))
        || is_loud && word.len() >= 16
}

/// Whether both begin as ids of one kind do (`car-`, `d-`): those of the emulated AWS are drawn, and some draws have no digit.
fn same_kind(ours: &str, theirs: &str) -> bool {
    let kind = |id: &str| id.split_once('-').map(|(kind, _)| kind.to_owned());
    kind(ours).is_some() && kind(ours) == kind(theirs)
}

/// `2026-11-21T14:00:00Z`, and the like.
fn is_time(text: &str) -> bool {
    text.len() >= 19 && text.as_bytes()[10] == b'T' && text.starts_with("20")
}

fn short(tree: &Tree) -> String {
    const LONGEST: usize = 300;
    format!("{tree:?}").chars().take(LONGEST).collect()
}

#[test]
fn ids_stand_for_each_other_throughout() {
    let mut pairs = Pairs::default();
    assert!(pairs.stand_for("vpc-0000000001", "vpc-1a2b3c4d5e"));
    assert!(pairs.stand_for("arn:aws:ec2:us-west-2:1:vpc/vpc-0000000001", "arn:aws:ec2:us-west-2:1:vpc/vpc-1a2b3c4d5e"));
    assert!(!pairs.stand_for("vpc-0000000001", "vpc-ffffffff00"), "it stands for another one");
    assert!(!pairs.stand_for("vpc-0000000002", "vpc-1a2b3c4d5e"), "which stands for another one");
    assert!(pairs.stand_for("car-00000000000000000000000000000000", "car-njhmwvdx"), "an id without a digit");
    assert!(!pairs.stand_for("car-00000000000000000000000000000001", "failed"));
    assert!(!pairs.stand_for("available", "pending"));
    assert!(pairs.stand_for("2026-11-21T14:00:00Z", "2025-01-02T03:04:05.123Z"));
}

#[test]
fn what_only_the_emulated_says_is_nothing_to_us_and_what_only_we_say_is() {
    let differ = |ours: &str, theirs: &str| differences(&Tree::of(ours), &Tree::of(theirs), &mut Pairs::default());
    assert!(differ("A { x: None, l: [B { n: 1 }, B { n: 2 }] }", "A { x: 5, y: 6, l: [B { n: 2, m: 3 }, B { n: 1 }] }").is_empty());
    assert_eq!(differ("A { x: 5 }", "A { x: None }"), [r#".x: simulated: Text("5"), emulated: Nothing"#]);
    assert_eq!(differ("A { l: [1, 2] }", "A { l: [1, 3] }").len(), 1);
    assert_eq!(differ("A { l: [1] }", "A { l: [1, 1] }").len(), 1);
}
