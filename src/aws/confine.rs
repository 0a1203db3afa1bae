//! Confinement: the session policy under which a job takes on its role, so that AWS itself keeps it out of every account but those that it
//! is for. Pure. Must never let anything in that it was not asked for, nor be longer than AWS takes.

use super::connection::SESSION_POLICY_LIMIT;
use serde_json::{Value, json};

/// The policy of a session that may do whatever its role may, but take on these roles alone. None where that is too long for AWS.
///
/// Left as it is for all else: what a job calls in the management account is the kinds' business, and `landfall policy apply` prints it.
pub fn confined(roles: &[String]) -> Option<String> {
    // With `AssumeRole` go `AssumeRoot`, by which a management account enters members, and the ways of other identity providers.
    let all_else = json!({ "Effect": "Allow", "NotAction": "sts:Assume*", "Resource": "*" });
    let enter = json!({ "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": roles });
    let statements: Vec<Value> = [all_else].into_iter().chain((!roles.is_empty()).then_some(enter)).collect();
    let policy = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    (policy.len() <= SESSION_POLICY_LIMIT).then_some(policy)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a pattern of IAM's, in which `*` stands for anything, is all of a text.
    fn matches(pattern: &str, text: &str) -> bool {
        match pattern.split_once('*') {
            None => pattern == text,
            Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| (0..=rest.len()).any(|at| matches(tail, &rest[at..]))),
        }
    }

    /// Whether a policy allows a call, as IAM evaluates it as far as ours go: some statement has to, and none can forbid.
    fn allows(policy: &str, action: &str, resource: &str) -> bool {
        let any = |field: &Value, text: &str| match field {
            Value::Array(all) => all.iter().any(|one| matches(one.as_str().unwrap(), text)),
            one => matches(one.as_str().unwrap(), text),
        };
        let policy: Value = serde_json::from_str(policy).unwrap();
        policy["Statement"].as_array().unwrap().iter().any(|statement| {
            assert_eq!(statement["Effect"], "Allow");
            let fits = statement.get("Action").map(|actions| any(actions, action));
            fits.unwrap_or_else(|| !any(&statement["NotAction"], action)) && any(&statement["Resource"], resource)
        })
    }

    fn role(id: usize) -> String {
        format!("arn:aws:iam::{id:012}:role/OrganizationAccountAccessRole")
    }

    #[test]
    fn a_job_enters_its_own_accounts_by_their_role_and_nothing_else() {
        let policy = confined(&[role(1), role(2)]).unwrap();
        let enters = |resource: &str| allows(&policy, "sts:AssumeRole", resource);
        assert!(enters(&role(1)) && enters(&role(2)));
        for other in
            [role(3), role(1) + "2", role(1).replace("Access", ""), "arn:aws:iam::000000000001:role/Admin".to_owned(), "*".to_owned()]
        {
            assert!(!enters(&other), "{other}");
        }
        for way in ["sts:AssumeRoot", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"] {
            assert!(!allows(&policy, way, &role(1)) && !allows(&policy, way, &role(3)), "{way}");
        }
    }

    #[test]
    fn whatever_the_role_may_do_besides_is_left_to_it() {
        for action in ["sts:GetCallerIdentity", "organizations:CreateAccount", "s3:PutObject", "sso:CreateAccountAssignment"] {
            assert!(allows(&confined(&[role(1)]).unwrap(), action, "arn:aws:s3:::landfall-1/lock.json"), "{action}");
        }
    }

    #[test]
    fn a_job_of_no_account_enters_none() {
        let policy = confined(&[]).unwrap();
        assert!(!allows(&policy, "sts:AssumeRole", &role(1)) && allows(&policy, "organizations:ListAccounts", "*"));
        assert!(!policy.contains("[]"), "IAM refuses a statement of no resources: {policy}");
    }

    #[test]
    fn what_aws_would_refuse_is_no_policy() {
        let of = |count: usize| confined(&(0..count).map(role).collect::<Vec<_>>());
        let longest = (0..).take_while(|count| of(*count).is_some()).last().unwrap();
        assert_eq!(longest, 30, "so many accounts a job, with the usual role: documented in docs/github.md");
        assert!(of(longest).unwrap().len() <= SESSION_POLICY_LIMIT);
    }
}
