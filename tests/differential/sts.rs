//! AWS STS: who somebody is, and the roles of accounts.

use super::emulator::ROLE;
use super::side::Side;

pub async fn story(side: &mut Side) {
    let (management, member) = (aws_sdk_sts::Client::new(&side.management), aws_sdk_sts::Client::new(&side.member));
    let role = format!("arn:aws:iam::{}:role/{ROLE}", side.account);
    let call = management.assume_role().role_arn(role).role_session_name("landfall");
    side.told("sts:AssumeRole", call.send().await);
    let who = side.told("sts:GetCallerIdentity", member.get_caller_identity().send().await);
    assert_eq!(who.unwrap().account(), Some(side.account.as_str()));
}
