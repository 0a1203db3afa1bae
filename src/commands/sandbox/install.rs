//! The private install of the emulated AWS: moto in a Python environment of its own, every package pinned by hash.

use super::super::Failure;
use crate::model::Digest;
use crate::render::escape;
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// moto and everything it needs, pinned. The install's folder is named after it, so a new list is a new install.
pub(super) const REQUIREMENTS: &str = include_str!("requirements.lock.txt");
/// What the pinned packages ask for: the minor version of Python 3.
const OLDEST_PYTHON: u32 = 10;
const FAILED: &str = "the emulated AWS could not be installed";
/// Written last, so that an install without it was interrupted.
const READY: &str = "ready";

/// Where the sandbox keeps what it has: `LANDFALL_SANDBOX_DIR`, or a folder in the user's cache.
///
/// # Errors
/// There is no home directory, or the folder can't be made.
pub fn folder() -> Result<PathBuf, Failure> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = || variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")));
    let folder = variable("LANDFALL_SANDBOX_DIR").or_else(|| Some(cache()?.join("landfall").join("sandbox")));
    let homeless = || Failure::new("the sandbox has nowhere to live", "HOME is not set").hint("set LANDFALL_SANDBOX_DIR");
    let folder = folder.ok_or_else(homeless)?;
    std::fs::create_dir_all(&folder).map_err(|error| cant("be made", &folder, &error))?;
    Ok(folder)
}

/// The Python of the install, which is made first if need be; a second caller waits for the first.
///
/// # Errors
/// There is no Python 3, or a package could not be had.
pub fn python() -> Result<PathBuf, Failure> {
    let root = folder()?;
    let lock = File::create(root.join("install.lock")).map_err(|error| cant("be written to", &root, &error))?;
    lock.lock().map_err(|error| cant("be locked", &root, &error))?;
    let home = root.join(format!("{}-python{}", Digest::of(&REQUIREMENTS).short(), version()?));
    let python = home.join("bin").join("python");
    if !home.join(READY).exists() {
        eprintln!("Installing the emulated AWS into {} (once, some 140 MB) …", home.display());
        install(&home, &python)?;
        std::fs::write(home.join(READY), "").map_err(|error| cant("be written to", &home, &error))?;
    }
    Ok(python)
}

fn install(home: &Path, python: &Path) -> Result<(), Failure> {
    if home.exists() {
        std::fs::remove_dir_all(home).map_err(|error| cant("be cleared", home, &error))?;
    }
    let venv = |more: &[&str]| run(Command::new(base()).args(["-m", "venv"]).args(more).arg(home));
    let pip: Command = match venv(&[]) {
        Ok(_) => Command::new(python),
        // Debian splits `ensurepip` off; an environment without pip, and the system's pip on it, does as well.
        Err(_) => {
            venv(&["--without-pip"])?;
            let mut outer = Command::new(base());
            outer.args(["-m", "pip", "--python"]).arg(python);
            outer
        }
    };
    let list = home.join("requirements.txt");
    std::fs::write(&list, REQUIREMENTS).map_err(|error| cant("be written to", home, &error))?;
    pip_install(pip, python, &list)
}

/// The Python that the install is made from.
fn base() -> OsString {
    std::env::var_os("LANDFALL_PYTHON").unwrap_or_else(|| "python3".into())
}

/// Its version. Part of the folder's name: an environment does not outlive an upgrade of the Python beneath it.
fn version() -> Result<String, Failure> {
    let asked = run(Command::new(base()).args(["-c", "import sys; print('%d.%d' % sys.version_info[:2])"]))?;
    let version = asked.trim().to_owned();
    let minor = version.strip_prefix("3.").and_then(|minor| minor.parse::<u32>().ok());
    if minor.is_some_and(|minor| minor >= OLDEST_PYTHON) {
        return Ok(version);
    }
    let detail = format!("{} is Python {}", base().to_string_lossy(), escape::line(&version));
    Err(Failure::new(FAILED, detail).hint("name a Python 3.10 or newer in LANDFALL_PYTHON"))
}

fn pip_install(mut pip: Command, python: &Path, list: &Path) -> Result<(), Failure> {
    if pip.get_program() == python {
        pip.args(["-m", "pip"]);
    }
    pip.args([
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
        "--require-hashes",
        "--no-deps",
        "--only-binary=:all:",
        "--requirement",
    ]);
    run(pip.arg(list))?;
    Ok(())
}

/// Runs a program to its end, and returns what it printed.
fn run(command: &mut Command) -> Result<String, Failure> {
    let hint = "the sandbox needs Python 3.10 or newer with venv and pip (Debian: apt install python3-venv), and a package index";
    let failed = |detail: String| Failure::new(FAILED, detail).hint(hint);
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| failed(format!("{}: {error}", command.get_program().to_string_lossy())))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    Err(failed(escape::lines(said.trim()).join("\n")))
}

fn cant(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::new("the sandbox's folder is no use", format!("{} can't {what}: {error}", path.display())).hint("set LANDFALL_SANDBOX_DIR")
}
