//! The emulator's program: our Python files, taken into the binary and written beside each other before they are run.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Starts moto, adds the services, and gives the whole a name tag and an off switch; see there.
const ENTRY: &str = "server.py";

/// Every file, by its path within the program's folder.
pub(super) const FILES: &[(&str, &str)] = &[
    (ENTRY, include_str!("server.py")),
    ("services/__init__.py", include_str!("services/__init__.py")),
    ("services/github.py", include_str!("services/github.py")),
    ("services/iam_users.py", include_str!("services/iam_users.py")),
    ("services/model.py", include_str!("services/model.py")),
];

/// Writes the program into a folder of its own there, and says which file to run.
///
/// # Errors
/// The folder can't be written to.
pub(super) fn write(folder: &Path) -> io::Result<PathBuf> {
    let home = folder.join("program");
    fs::create_dir_all(home.join("services"))?;
    FILES.iter().try_for_each(|(path, text)| fs::write(home.join(path), text))?;
    Ok(home.join(ENTRY))
}
