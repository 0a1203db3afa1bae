//! Which running program holds the lock: so that on one machine nobody has to wait for a program that was killed. Where the operating
//! system doesn't tell, nothing is claimed, and others wait for the end of its turn.

use std::fs;

/// This program, as no other is named at any time on any machine: the machine's start, the space of its process ids, and the id therein.
/// None where `/proc` doesn't tell.
pub fn this() -> Option<String> {
    Some(format!("{}/{}", place()?, std::process::id()))
}

/// Whether a program, named as above, is known to have ended. One on another machine, or in another container, is not known of.
pub fn ended(program: &str) -> bool {
    let (Some(here), Some((there, id))) = (place(), program.rsplit_once('/')) else { return false };
    here == there && id.parse::<u32>().is_ok_and(|id| !fs::exists(format!("/proc/{id}")).unwrap_or(true))
}

fn place() -> Option<String> {
    let start = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let space = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{}/{}", start.trim(), space.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_killed_program_is_known_to_have_ended_and_no_other() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let name = |id: u32| format!("{}/{id}", place().unwrap());
        assert!(!ended(&this().unwrap()));
        assert!(!ended(&name(child.id())));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(ended(&name(child.id())));
        assert!(!ended(&format!("elsewhere/{}", child.id())), "of another machine nothing is known");
        assert!(!ended("") && !ended("/") && !ended(&format!("{}/-1", place().unwrap())));
    }
}
