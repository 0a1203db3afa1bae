//! The files of a new repository. Modules, schemas and workflows are this repository's own, taken in as they are, so that what everybody
//! gets is what is tested here. Pure: nothing is written here.

use crate::config::{self, Problems};
use std::collections::BTreeMap;

/// What `init` was told.
pub struct Answers {
    pub organization: String,
    pub email: String,
    pub region: String,
    pub github: String,
}

/// A file to write.
pub struct Draft {
    /// Within the repository.
    pub path: String,
    pub text: String,
}

/// Files that are the same in every repository, this one included.
macro_rules! own {
    ($($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $path)))),+]
    };
}

const OWN: &[(&str, &str)] = own![
    ".github/workflows/apply.yml",
    ".github/workflows/drift.yml",
    ".github/workflows/plan.yml",
    ".github/workflows/wave.yml",
    "domains.schema.json",
    "modules/access/module.yaml",
    "modules/account/module.yaml",
    "modules/canary/handler.py",
    "modules/canary/module.yaml",
    "modules/ci-users/module.yaml",
    "modules/guardrails/module.yaml",
    "modules/module.schema.json",
    "modules/network/module.yaml",
    "modules/observability/module.yaml",
    "modules/on-call/module.yaml",
    "modules/quotas/module.yaml",
    "modules/support/module.yaml",
];

const ACTION: &str = include_str!("action.yml");
const CHECK: &str = include_str!("check.yml");
const DOMAINS: &str = include_str!("domains.yaml");

/// All files of a new repository, in the order of their paths.
///
/// # Errors
/// What `check` would say of the files, when the answers make no valid ones.
pub fn scaffold(answers: &Answers) -> Result<Vec<Draft>, Problems> {
    let domains = domains(answers);
    let modules: BTreeMap<String, (String, String)> = OWN
        .iter()
        .filter_map(|(path, text)| Some((config::module_of(path)?.to_owned(), ((*path).to_owned(), (*text).to_owned()))))
        .collect();
    config::load_texts((config::DOMAINS, &domains), &modules, crate::commands::clock::now(None))?;
    let made = [
        (".github/actions/landfall/action.yml", ACTION.replace("@VERSION@", env!("CARGO_PKG_VERSION"))),
        (".github/workflows/check.yml", CHECK.to_owned()),
        (config::DOMAINS, domains),
    ];
    let own = OWN.iter().map(|(path, text)| (*path, (*text).to_owned()));
    let all: BTreeMap<&str, String> = own.chain(made).collect();
    Ok(all.into_iter().map(|(path, text)| Draft { path: path.to_owned(), text }).collect())
}

fn domains(answers: &Answers) -> String {
    let Answers { organization, email, region, github } = answers;
    let text = DOMAINS.replace("@NAME@", &quoted(organization)).replace("@REGION@", &quoted(region));
    // The email last: nothing that is in it is a placeholder of ours.
    text.replace("@GITHUB@", &quoted(github)).replace("@EMAIL@", &quoted(email))
}

/// A text as YAML reads it: as it is when it is plain, in quotes otherwise. An argument can't become another key.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-+._@{}".contains(c);
    if text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(plain) {
        return text.to_owned();
    }
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(organization: &str) -> Answers {
        let email = "aws+{domain}-{environment}@acme.example".to_owned();
        Answers { organization: organization.to_owned(), email, region: "eu-central-1".to_owned(), github: "acme".to_owned() }
    }

    #[test]
    fn every_module_and_workflow_of_this_repository_is_in_it() {
        let drafts = scaffold(&answers("acme")).map_err(|problems| config::show(&problems, false)).unwrap();
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let files =
            |folder: &str| std::fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
        let workflows = files(".github/workflows").into_iter().map(|name| format!(".github/workflows/{}", name.display()));
        let modules = files("modules").into_iter().map(|name| match root.join("modules").join(&name).is_dir() {
            true => format!("modules/{}/module.yaml", name.display()),
            false => format!("modules/{}", name.display()),
        });
        for path in workflows.chain(modules) {
            assert!(drafts.iter().any(|draft| draft.path == path), "{path} is not scaffolded: add it to OWN");
        }
    }

    #[test]
    fn what_is_written_holds_no_placeholder() {
        for draft in scaffold(&answers("acme")).map_err(|problems| config::show(&problems, false)).unwrap() {
            for placeholder in ["@NAME@", "@EMAIL@", "@REGION@", "@GITHUB@", "@VERSION@"] {
                assert!(!draft.text.contains(placeholder), "{}: {placeholder}", draft.path);
            }
        }
    }

    #[test]
    fn an_argument_is_a_value_and_nothing_else() {
        let hostile = "acme\ngithub: mallory # \"";
        assert_eq!(quoted(hostile), r#""acme\ngithub: mallory # \"""#);
        let problems = scaffold(&answers(hostile)).err().map(|problems| config::show(&problems, false)).unwrap();
        assert!(problems.contains("domains.yaml"), "{problems}");
        assert_eq!(quoted("@EMAIL@"), "\"@EMAIL@\"");
    }
}
