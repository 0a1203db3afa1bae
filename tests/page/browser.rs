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
/// Where Chromium is, if it is not in the PATH.
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
    let said = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success() && said.ends_with("all of it holds\n"), "{name}:\n{said}");
}

/// The driver's folder and the browser. The first test installs them, and the others wait for it.
fn installed() -> (PathBuf, PathBuf) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page");
    fs::create_dir_all(&folder).unwrap();
    let lock = File::create(folder.join("install.lock")).unwrap();
    lock.lock().unwrap();
    let is_new = FILES[..PACKAGES].iter().any(|(name, text)| fs::read_to_string(folder.join(name)).is_ok_and(|there| there == *text));
    for (name, text) in FILES {
        fs::write(folder.join(name), text).unwrap();
    }
    let ready = folder.join("node_modules").join("ready");
    if !is_new || !ready.exists() {
        run(Command::new("npm").current_dir(&folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]));
        fs::write(ready, "").unwrap();
    }
    (folder, chromium())
}

/// Debian's Chromium, installed if this may install packages.
fn chromium() -> PathBuf {
    let named = std::env::var_os(NAMED).map(PathBuf::from);
    if let Some(found) = named.or_else(|| found("chromium")) {
        return found;
    }
    let may = found("apt-get").is_some() && fs::metadata("/root").is_ok_and(|_| fs::read_dir("/root").is_ok());
    assert!(may, "the page's tests need Chromium: install it (Debian: apt install chromium), or name its program in {NAMED}");
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
