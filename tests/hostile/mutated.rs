//! The fuzz targets without a fuzzer: their corpora, and mutations of them from seeds. `LANDFALL_MUTATIONS` says how many of each target.

use crate::targets::{TARGETS, estate};
use landfall::plan::{Live, PlanFile, plan};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Of each target: some seconds of a debug build.
const MUTATIONS: u64 = 300;
/// The longest input made.
const LONGEST: usize = 48 * 1024;

/// What attackers and unlucky people write.
pub const HOSTILE: [&str; 24] = [
    "\u{1b}[2J\u{1b}]0;owned\u{7}",
    "\u{9b}31m",
    "\u{202e}gnirts\u{202c}",
    "\u{200b}\u{2060}\u{feff}",
    "\u{e0041}\u{fe0f}",
    "</code></summary></details><img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "-->",
    "```\n# heading\n```",
    "@everyone #1 https://evil.example [x](javascript:alert(1))",
    "\n::error::owned\n##[error]owned",
    "$(reboot)`reboot`;&&|",
    "%00%0a%0d",
    "../../../../etc/passwd",
    "18446744073709551616",
    "-1e309",
    "null",
    "{}",
    "[]",
    "&a [*a]",
    "!!binary x",
    "{[({[({[(",
    "10.0.0.0/33",
    "management/global/account/main",
];

/// A small deterministic generator (SplitMix64, public domain algorithm by Sebastiano Vigna).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % bound.max(1) as u64) as usize
    }

    /// A stretch of something so long.
    fn range(&mut self, length: usize, most: usize) -> std::ops::Range<usize> {
        let from = self.below(length + 1);
        from..length.min(from + self.below(most))
    }
}

fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target)
}

/// The committed corpus of a target, by file.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder(target)).unwrap_or_else(|error| panic!("fuzz/corpus/{target}: {error}"));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut files: Vec<_> = paths.map(|path| (path.display().to_string(), std::fs::read(&path).expect("a file"))).collect();
    files.sort();
    files
}

/// What gets far into a target as it is today, whatever has become of the corpus.
fn fresh(target: &str) -> Option<Vec<u8>> {
    let desired = estate();
    let (made, report) = plan(&desired, &Live::default());
    match target {
        "plan_files" => Some(PlanFile::of(made, report).to_json().into_bytes()),
        "live" => serde_json::to_vec(&crate::shown::applied(&made)).ok(),
        "files" => {
            let module = include_str!("../../modules/account/module.yaml");
            Some(format!("{}\n#### modules/account/module.yaml\n{module}", include_str!("../../fuzz/estate/domains.yaml")).into_bytes())
        }
        _ => None,
    }
}

fn mutated(dice: &mut Dice, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = corpus[dice.below(corpus.len())].clone();
    for _ in 0..=dice.below(4) {
        let length = bytes.len();
        match dice.below(7) {
            0 if length > 0 => {
                let at = dice.below(length);
                bytes[at] ^= 1 << dice.below(8);
            }
            1 => drop(bytes.drain(dice.range(length, 64))),
            2 => {
                let again = bytes[dice.range(length, 256)].to_vec();
                let at = dice.below(length + 1);
                bytes.splice(at..at, again);
            }
            3 => {
                let other = &corpus[dice.below(corpus.len())];
                let part = other[dice.range(other.len(), 512)].to_vec();
                let at = dice.below(length + 1);
                bytes.splice(at..at, part);
            }
            4 => bytes.truncate(dice.below(length + 1)),
            // Between quotes it takes the place of a whole value, and stays well formed.
            5 => {
                let quotes: Vec<usize> = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'"').map(|(at, _)| at).collect();
                if let [from, to] = quotes[..].get(dice.below(quotes.len())..).and_then(|left| left.get(..2)).unwrap_or_default() {
                    let text = serde_json::to_string(HOSTILE[dice.below(HOSTILE.len())]).unwrap();
                    bytes.splice(*from..=*to, text.into_bytes());
                }
            }
            _ => {
                let at = dice.below(length + 1);
                bytes.splice(at..at, HOSTILE[dice.below(HOSTILE.len())].bytes());
            }
        }
    }
    bytes.truncate(LONGEST);
    bytes
}

#[test]
fn the_corpora_and_their_mutations_harm_nobody() {
    let mutations = std::env::var("LANDFALL_MUTATIONS").map_or(MUTATIONS, |text| text.parse().expect("a number"));
    for (name, target) in TARGETS {
        let corpus = corpus(name);
        assert!(corpus.len() > 3, "fuzz/corpus/{name} is nearly empty");
        for (file, bytes) in &corpus {
            assert!(catch_unwind(AssertUnwindSafe(|| target(bytes))).is_ok(), "{file}");
        }
        let all: Vec<Vec<u8>> = corpus.into_iter().map(|(_, bytes)| bytes).chain(fresh(name)).collect();
        for seed in 0..mutations {
            let bytes = mutated(&mut Dice(seed), &all);
            let ended = catch_unwind(AssertUnwindSafe(|| target(&bytes)));
            if ended.is_err() {
                let kept = folder(name).join(format!("mutation-{seed}"));
                let written = std::fs::write(&kept, &bytes);
                panic!("{name}: mutation {seed} harms, and is kept: {} {written:?}", kept.display());
            }
        }
    }
}

/// The seeds that fuzzers begin with: written with `LANDFALL_BLESS=1`, when formats change.
#[test]
fn what_is_made_today_gets_in() {
    for (name, target) in TARGETS {
        let Some(bytes) = fresh(name) else { continue };
        target(&bytes);
        if std::env::var_os("LANDFALL_BLESS").is_some() {
            std::fs::write(folder(name).join("fresh"), &bytes).expect("the corpus");
        }
    }
}
