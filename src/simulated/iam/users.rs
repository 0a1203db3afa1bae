//! Users: their names, and what they have to be rid of before they go.

use super::identities::{Identity, is_taken, named};
use super::{Iam, done, missing};
use crate::simulated::At;
use crate::simulated::wire::{Answer, Asked, fault, xml};

const LONGEST_NAME: usize = 64;

impl Iam {
    pub(super) fn create_user(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let name = named(asked.text("UserName"), LONGEST_NAME)?;
        if is_taken(self.users.keys(), &name) {
            return fault("EntityAlreadyExists", format!("User with name {name} already exists."));
        }
        let user: Identity = self.beginning(at, asked, "AIDA")?;
        let answer = format!("<User>{}</User>", user.head(at.account, "User", &name));
        self.users.insert(name, user);
        xml(answer)
    }

    pub(super) fn delete_user(&mut self, asked: &Asked) -> Answer {
        let name = asked.text("UserName");
        if let Some(why) = self.identity(asked)?.holds() {
            return fault("DeleteConflict", why);
        }
        if self.keys.values().any(|key| key.user == name) {
            return fault("DeleteConflict", "Cannot delete entity, must delete access keys first.");
        }
        match self.users.remove(&name) {
            Some(_) => done(),
            None => missing("user", &name),
        }
    }
}
