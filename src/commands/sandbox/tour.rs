//! `landfall sandbox tour`: the main job from end to end, with the same commands that a person would type.

use super::super::{Exit, Failure, Outcome};
use super::server::Which;
use super::{environment, install, server};
use std::path::Path;
use std::process::Command;

pub async fn run(which: Option<Which>) -> Outcome {
    if !Path::new("domains.yaml").exists() {
        let failure = Failure::new("there is nothing to tour", "this folder has no domains.yaml");
        return Err(failure.hint("run it in the root of the repository, or of your own platform repository"));
    }
    let running = server::start(which).await?;
    println!("The sandbox's AWS runs at {}. Everything below happens in it.", running.endpoint());
    let plan = install::folder()?.join("tour-plan.json");
    let file = plan.to_string_lossy();
    let steps: [(&str, &[&str]); 4] = [
        ("Are the files in order?", &["check"]),
        ("What would be done? Nothing is written yet.", &["plan", "--out", &file]),
        ("Do exactly that.", &["apply", &file]),
        ("And now? The second plan is empty.", &["plan", "--exit-code"]),
    ];
    for (why, arguments) in steps {
        println!("\n# {why}\n$ landfall {}", arguments.join(" "));
        let exit = landfall(arguments, &running.endpoint())?;
        if exit != Some(0) {
            return Err(Failure::new("the tour ends here", format!("`landfall {}` did not succeed", arguments.join(" "))));
        }
    }
    print!("{NEXT}");
    Ok(Exit::Done)
}

const NEXT: &str = r#"
That was the whole path: files, plan, apply, an empty plan. What to try next, in this very sandbox:

  eval "$(cargo run --quiet -- sandbox env)"           # every AWS tool in this shell now uses it
  cargo run --quiet -- plan                            # nothing to do
  # add a domain to domains.yaml, four lines, and plan again
  # break something by hand, and watch the plan find it:
  #   aws iam delete-role …   or   aws ec2 delete-route …
  cargo run --quiet -- explain vpc                     # what a kind is
  cargo run --quiet -- sandbox reset                   # start over
"#;

/// Runs this very program with the sandbox's environment; its output goes where ours goes.
fn landfall(arguments: &[&str], endpoint: &str) -> Result<Option<i32>, Failure> {
    let failed = |error: std::io::Error| Failure::new("the tour can't go on", error);
    let program = std::env::current_exe().map_err(failed)?;
    let mut command = Command::new(program);
    command.args(arguments);
    for (name, value) in environment(endpoint) {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    Ok(command.status().map_err(failed)?.code())
}
