//! AWS STS: who somebody is, and sessions of roles, which end. A session's own policy is checked and then not heeded: nothing here evaluates
//! what anybody may do.

use super::organizations::Organization;
use super::wire::{Answer, Asked, Fault, element, fault, iso, xml};
use super::{Account, At, Moment};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long an assumed role lasts when nobody says, and at the most when one role assumed another.
const SESSION: Moment = Moment::from_secs(3600);
const SHORTEST: u64 = 900;
/// The longest policy of a session, in characters.
const LONGEST_POLICY: usize = 2048;
/// Who the administrator's key belongs to.
const ADMINISTRATOR: (&str, &str) = ("landfall", "AIDASANDBOX000000000");

/// The sessions of roles, by their keys.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Sessions(BTreeMap<String, Session>);

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Session {
    pub account: String,
    pub ends: Moment,
    /// Who it is, and the id.
    arn: String,
    id: String,
}

impl Sessions {
    pub(super) fn of(&self, key: &str) -> Option<&Session> {
        self.0.get(key)
    }

    pub(super) fn answer(
        &mut self,
        at: &mut At<'_>,
        asked: &Asked,
        organization: &Organization,
        accounts: &BTreeMap<String, Account>,
    ) -> Answer {
        let (arn, id) = self.caller(at, asked, accounts);
        match asked.operation.as_str() {
            "GetCallerIdentity" => xml(element("Account", at.account) + &element("Arn", &arn) + &element("UserId", &id)),
            "AssumeRole" => {
                let role = asked.text("RoleArn");
                let found = Role::of(&role).and_then(|role| role.trusting(at, &arn, organization, accounts));
                match found {
                    Some((role, id)) => self.assume(at, asked, &role, &id),
                    None => denied(format!("User: {arn} is not authorized to perform: sts:AssumeRole on resource: {role}")),
                }
            }
            other => fault("InvalidAction", format!("the simulated STS has no {other}")),
        }
    }

    /// The ARN and the id of whoever calls.
    fn caller(&self, at: &At<'_>, asked: &Asked, accounts: &BTreeMap<String, Account>) -> (String, String) {
        if let Some(Session { arn, id, .. }) = self.0.get(&asked.key) {
            return (arn.clone(), id.clone());
        }
        let user = accounts.get(at.account).and_then(|own| own.iam.whose(at.account, &asked.key));
        let (name, id) = ADMINISTRATOR;
        user.unwrap_or_else(|| (format!("arn:aws:iam::{}:user/{name}", at.account), id.to_owned()))
    }

    fn assume(&mut self, at: &mut At<'_>, asked: &Asked, role: &Role, id: &str) -> Answer {
        let name = asked.text("RoleSessionName");
        let lasts = checked(asked, role.longest, self.0.contains_key(&asked.key))?;
        self.0.retain(|_, session| at.now < session.ends + SESSION);
        let key = at.id("ASIA", 16).to_uppercase();
        let (ends, token) = (at.now + lasts, at.id("token/", 32));
        let arn = format!("arn:aws:sts::{}:assumed-role/{}/{name}", role.account, role.name);
        let id = format!("{id}:{name}");
        let secrets = element("SecretAccessKey", &at.id("secret/", 33)) + &element("SessionToken", &token);
        let inner = element("AccessKeyId", &key) + &secrets + &element("Expiration", &iso(ends));
        let whom = element("Arn", &arn) + &element("AssumedRoleId", &id);
        self.0.insert(key, Session { account: role.account.clone(), ends, arn, id });
        xml(format!("<Credentials>{inner}</Credentials><AssumedRoleUser>{whom}</AssumedRoleUser>"))
    }
}

/// A role that somebody wants to take on.
struct Role {
    account: String,
    name: String,
    longest: Moment,
}

impl Role {
    /// By its ARN, `arn:aws:iam::ACCOUNT:role/PATH/NAME`.
    fn of(arn: &str) -> Option<Role> {
        let (start, path) = arn.split_once(":role/")?;
        let account = start.rsplit(':').next()?.to_owned();
        Some(Role { account, name: path.rsplit('/').next()?.to_owned(), longest: SESSION })
    }

    /// The same with its id, if it is there, its account is open, and it trusts whoever wants it.
    fn trusting(
        self,
        at: &mut At<'_>,
        arn: &str,
        organization: &Organization,
        accounts: &BTreeMap<String, Account>,
    ) -> Option<(Role, String)> {
        if !organization.lets_in(&self.account, at.now) {
            return None;
        }
        let iam = accounts.get(&self.account).map(|own| &own.iam);
        match iam.and_then(|iam| iam.trusts(&self.name, at.account, arn)) {
            Some(id) => {
                let longest = iam.and_then(|iam| iam.longest_session(&self.name)).unwrap_or(SESSION);
                Some((Role { longest, ..self }, id.to_owned()))
            }
            // A guest's roles are its own business.
            None if organization.is_guest(&self.account) => Some((self, at.id("AROA", 16).to_uppercase())),
            None => None,
        }
    }
}

/// For how long a session may last, if all that is asked for is right.
fn checked(asked: &Asked, longest: Moment, is_chained: bool) -> Result<Moment, Fault> {
    let name = asked.text("RoleSessionName");
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "_=,.@-".contains(letter);
    if !(2..=64).contains(&name.len()) || !name.chars().all(fits) {
        return fault("ValidationError", "RoleSessionName has 2 to 64 letters, digits and _=,.@-");
    }
    if let Some(policy) = asked.some("Policy") {
        if policy.len() > LONGEST_POLICY {
            return fault(
                "ValidationError",
                format!("'policy' failed to satisfy constraint: length less than or equal to {LONGEST_POLICY}"),
            );
        }
        if let Some(why) = super::iam::flaw(&policy, super::iam::Purpose::Identity) {
            return fault("MalformedPolicyDocument", why);
        }
    }
    let most = if is_chained { longest.min(SESSION) } else { longest };
    let lasts = asked.some("DurationSeconds").map_or(Some(SESSION.as_secs()), |text| text.parse().ok());
    match lasts.filter(|lasts| (SHORTEST..=most.as_secs()).contains(lasts)) {
        Some(lasts) => Ok(Moment::from_secs(lasts)),
        None => fault("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."),
    }
}

fn denied(why: String) -> Answer {
    Err(Fault { status: 403, code: "AccessDenied".to_owned(), message: why })
}
