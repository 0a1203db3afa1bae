//! Estates for these tests: the repository's own, and generated ones with the repository's modules. Holds no expectation.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The repository: its domains.yaml is the example estate.
pub fn example() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// An estate in a folder of its own.
pub struct Generated(TempDir);

impl Generated {
    /// So many domains, each with dev, stage and prod.
    pub fn domains(count: usize) -> Generated {
        Generated::with(&(1..=count).map(|at| format!("domain{at:03}")).collect::<Vec<_>>())
    }

    /// These domains, each with dev, stage and prod.
    pub fn with<T: AsRef<str>>(domains: &[T]) -> Generated {
        Generated::of(&text(domains))
    }

    /// What the text of a domains.yaml declares.
    pub fn of(domains: &str) -> Generated {
        let folder = TempDir::new().unwrap();
        copy(&example().join("modules"), &folder.path().join("modules"));
        std::fs::write(folder.path().join("domains.yaml"), domains).unwrap();
        Generated(folder)
    }

    pub fn root(&self) -> &Path {
        self.0.path()
    }
}

fn text<T: AsRef<str>>(domains: &[T]) -> String {
    let mut text = HEAD.to_owned();
    for domain in domains.iter().map(AsRef::as_ref) {
        writeln!(text, "  {domain}:\n    team: core\n    repositories: [{domain}]\n    ci_users: {{ deploy: {{}} }}").unwrap();
    }
    text
}

const HEAD: &str = "\
organization:
  name: acme
  account_email: aws+{domain}-{environment}@acme.example
  home_region: us-west-2
  github: acme-example
network:
  pool: 10.0.0.0/8
  vpc_prefix: 20
  zones: 2
people:
  ada: { name: Ada Fern, email: ada@acme.example, phone: \"+15550100\" }
  grace: { name: Grace Okoye, email: grace@acme.example, phone: \"+15550104\" }
teams:
  core:
    slack: \"#team-core\"
    on_call: { primary: [ada], escalation: grace, handover: monday 09:00 Europe/Berlin }
domains:
";

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target)
        } else {
            let _ = std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
