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
    ("services/accounts.py", include_str!("services/accounts.py")),
    ("services/functions.py", include_str!("services/functions.py")),
    ("services/github.py", include_str!("services/github.py")),
    ("services/iam_users.py", include_str!("services/iam_users.py")),
    ("services/model.py", include_str!("services/model.py")),
    ("services/nat.py", include_str!("services/nat.py")),
    ("services/oidc.py", include_str!("services/oidc.py")),
    ("services/once.py", include_str!("services/once.py")),
    ("services/interfaces.py", include_str!("services/interfaces.py")),
    ("services/nerdgraph.graphql", include_str!("services/nerdgraph.graphql")),
    ("services/newrelic.py", include_str!("services/newrelic.py")),
    ("services/quotas.py", include_str!("services/quotas.py")),
    ("services/support.py", include_str!("services/support.py")),
    ("services/contacts.py", include_str!("services/contacts.py")),
    ("services/incidents.py", include_str!("services/incidents.py")),
    ("services/notifications.py", include_str!("services/notifications.py")),
    ("services/budgets.py", include_str!("services/budgets.py")),
    ("services/sso_admin.py", include_str!("services/sso_admin.py")),
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

/// What tells this very program from another build of it: its length, and when it was written.
///
/// # Errors
/// The program's file is gone.
pub(super) fn own() -> io::Result<(u64, i128)> {
    let file = fs::metadata(std::env::current_exe()?)?;
    let written = file.modified()?.duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_millis() as i128);
    Ok((file.len(), written))
}
