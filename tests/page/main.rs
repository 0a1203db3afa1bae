//! The page in a real browser, from a `file:` address: what it shows is the plan, it runs nothing that was not its own, and it can be used
//! by keyboard, in dark and in light, on a phone, and without its script.

#[path = "../estates/mod.rs"]
mod estates;
mod plans;

use landfall::render::page;

#[test]
fn pages() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("page");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, of) in [("example", plans::example as fn() -> plans::Planned), ("changed", plans::changed), ("hostile", plans::hostile), ("large", plans::large), ("nothing", plans::nothing)] {
        let t = std::process::Command::new("date").arg("+%s.%N").output().unwrap();
        let (plan, report) = of();
        let t2 = std::process::Command::new("date").arg("+%s.%N").output().unwrap();
        let html = page(&plan, &report);
        let t3 = std::process::Command::new("date").arg("+%s.%N").output().unwrap();
        eprintln!("{name} {} steps {} bytes {:?} {:?} {:?}", plan.steps().count(), html.len(), String::from_utf8(t.stdout), String::from_utf8(t2.stdout), String::from_utf8(t3.stdout));
        std::fs::write(folder.join(format!("{name}.html")), html).unwrap();
    }
}
