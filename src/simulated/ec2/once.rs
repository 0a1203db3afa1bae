//! Client tokens: a call that is repeated with its token is answered as before, and does nothing again.

use super::Ec2;
use crate::simulated::wire::{Answer, Asked, Body, fault};
use crate::simulated::{At, Moment};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// For how long a token is known here. EC2 says none; a repetition comes within minutes.
const REMEMBERED: Moment = Moment::from_secs(3600);

/// What was answered to a call with a token.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Answered {
    /// The digest of the call: the same token with other parameters is refused.
    call: String,
    answer: String,
    at: Moment,
}

impl Ec2 {
    pub(super) fn once(&mut self, at: &mut At<'_>, asked: &Asked, act: impl FnOnce(&mut Ec2, &mut At<'_>) -> Answer) -> Answer {
        let Some(token) = asked.some("ClientToken") else { return act(self, at) };
        self.answered.retain(|_, answered| at.now < answered.at + REMEMBERED);
        let name = format!("{} {token}", asked.operation);
        let call: String = Sha256::digest(&asked.body).iter().map(|byte| format!("{byte:02x}")).collect();
        if let Some(before) = self.answered.get(&name) {
            return match before.call == call {
                true => Ok(Body::Xml(before.answer.clone())),
                false => fault("IdempotentParameterMismatch", "The client token was used with other parameters"),
            };
        }
        let answer = act(self, at)?;
        if let Body::Xml(text) = &answer {
            self.answered.insert(name, Answered { call, answer: text.clone(), at: at.now });
        }
        Ok(answer)
    }
}
