//! How long folding takes, and the comment made of it: 500 accounts with 60 steps each, one dangerous step hidden among them.
//! `cargo bench --bench fold --profile dev` does it without building everything again; without the profile it is optimized.

#[path = "../tests/estates/mod.rs"]
mod estates;

use estates::{Domain, domain, with_domains};
use landfall::model::Environment;
use landfall::plan::{Live, plan};
use landfall::render::comment::{Occasion, comment, pages};
use landfall::render::fold::fold;
use std::hint::black_box;

const ACCOUNTS: usize = 500;
const RUNS: u32 = 5;

fn main() {
    let of = |number| Domain {
        environments: vec![Environment::Prod],
        vpc_prefix: 21,
        zones: "abcdefghij".chars().collect(),
        newbits: 5,
        ..domain(&format!("team-{number:03}"))
    };
    let domains: Vec<Domain> = (0..ACCOUNTS).map(of).collect();
    let (plan, report) = plan(&with_domains("10.0.0.0/8", &domains), &Live::default());
    println!("{} accounts, {} steps", plan.emails.len(), plan.steps().count());
    let patterns = fold(&plan).patterns.len();
    println!("{patterns} patterns and outliers");
    time("fold", || drop(black_box(fold(&plan))));
    time("comment, folding included", || drop(black_box(comment(&plan, &report, &Occasion::default()))));
    time("pages, folding included", || drop(black_box(pages(&plan, &report))));
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the real clock")]
fn time(what: &str, run: impl Fn()) {
    let started = std::time::Instant::now();
    (0..RUNS).for_each(|_| run());
    println!("{what}: {} ms", (started.elapsed() / RUNS).as_millis());
}
