//! A real Chromium, and what drives it: installed once into `target/`, from a lockfile, and run against one page at a time.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The driver's packages and its checks, each by the name of its file.
const FILES: &[(&str, &str)] = &[
    ("package.json", include_str!("browser/package.json")),
    ("package-lock.json", include_str!("browser/package-lock.json")),
    ("open.mjs", include_str!("browser/open.mjs")),
    ("check.mjs", include_str!("browser/check.mjs")),
    ("reading.mjs", include_str!("browser/reading.mjs")),
    ("using.mjs", include_str!("browser/using.mjs")),
];
/// How many of them say which packages are needed.
const PACKAGES: usize = 2;
/// What Chromium is called.
const PROGRAMS: &[&str] = &["chromium", "chromium-browser", "google-chrome"];
/// Where it is, if it is not in the PATH.
const NAMED: &str = "LANDFALL_CHROMIUM";

/// Opens a page in the browser, and has a check of `browser/` look at it; fails with what the check found.
#[track_caller]
pub fn check(name: &str, html: &str, expected: &serde_json::Value) {
    let (folder, chromium) = installed();
    let pages = tempfile::Builder::new().prefix("page-").tempdir_in(&folder).unwrap();
    let (page, expectation) = (pages.path().join("plan.html"), pages.path().join("expected.json"));
    fs::write(&page, html).unwrap();
    fs::write(&expectation, expected.to_string()).unwrap();
    let mut node = Command::new("node");
    node.arg(folder.join("check.mjs")).arg(name).args([&page, &expectation, &chromium]).stdin(Stdio::null());
    let ran = node.output().unwrap_or_else(|error| panic!("the page's tests need Node 20 or newer: {error}"));
    let said = String::from_utf8_lossy(&ran.stderr).into_owned() + &String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && said.ends_with("all of it holds\n"), "{name}:\n{said}");
}

/// The driver's folder and the browser. The first test installs them, and the others wait for it.
fn installed() -> (PathBuf, PathBuf) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page");
    fs::create_dir_all(&folder).unwrap();
    let lock = File::create(folder.join("install.lock")).unwrap();
    lock.lock().unwrap();
    let is_there = |(name, text): &(&str, &str)| fs::read_to_string(folder.join(name)).is_ok_and(|there| there == *text);
    let ready = folder.join("node_modules").join("ready");
    let is_current = FILES[..PACKAGES].iter().all(is_there) && ready.exists();
    // What is as it should be is left alone: another test may be reading it.
    for (name, text) in FILES.iter().filter(|file| !is_there(file)) {
        fs::write(folder.join(name), text).unwrap();
    }
    if !is_current {
        run(Command::new("npm").current_dir(&folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]));
        fs::write(ready, "").unwrap();
    }
    (folder, chromium())
}

/// A Chromium of this machine; Debian's is installed if there is none and we are root.
fn chromium() -> PathBuf {
    let named = std::env::var_os(NAMED).map(PathBuf::from);
    if let Some(found) = named.or_else(|| PROGRAMS.iter().find_map(|program| found(program))) {
        return found;
    }
    let is_root = fs::read_dir("/root").is_ok();
    let hint = "install it (Debian: apt install chromium), or name its program in";
    assert!(is_root && found("apt-get").is_some(), "the page's tests need Chromium: {hint} {NAMED}");
    run(Command::new("apt-get").args(["update", "--quiet=2"]));
    let install = ["install", "--quiet=2", "--yes", "--no-install-recommends", "chromium"];
    run(Command::new("apt-get").env("DEBIAN_FRONTEND", "noninteractive").args(install));
    found("chromium").expect("Debian's package brings /usr/bin/chromium")
}

fn found(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|program| program.is_file())
}

fn run(command: &mut Command) {
    let program = command.get_program().to_string_lossy().into_owned();
    let ran = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{program}: {error}"));
    let said = String::from_utf8_lossy(&ran.stderr).into_owned() + &String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{program} failed:\n{said}");
}
