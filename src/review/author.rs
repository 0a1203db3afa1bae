//! Who we are at GitHub, and so which comments are ours. A marker alone proves nothing: anybody who may comment can write one.
//!
//! What can be known, best first:
//!
//! 1. Landfall signs in as a GitHub App: the App's login, exactly.
//! 2. The token is a person's or a machine user's: GitHub tells its login, exactly.
//! 3. The token is an installation's, as a workflow's `GITHUB_TOKEN` is: GitHub does not tell such a token its login. Then any bot's
//!    comment with our marker counts, until `--author` names the login (`github-actions[bot]` for `GITHUB_TOKEN`). People can't write as
//!    a bot; a bot that repeats what people wrote, from the first character on, could be made to.
//!
//! Nobody finds out in any of these cases that a person with write access edited a comment of ours; see `approval` for what rests on it.

use super::trouble::shown;
use super::wire::Wire;
use super::{GitHub, Token, Trouble};
use serde::Deserialize;
use std::fmt;

/// Whose comments are ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Author {
    /// Those of one login.
    Login(String),
    /// Those of any bot: who we are can't be known.
    AnyBot,
}

/// A user, as far as it concerns us. None for those whose account is gone.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct User {
    pub login: String,
    /// `User`, `Bot`, or what else GitHub may think of.
    #[serde(rename = "type")]
    pub kind: String,
}

impl Author {
    /// Whether we wrote what a user wrote. GitHub's logins know no case.
    pub fn is(&self, user: Option<&User>) -> bool {
        user.is_some_and(|user| match self {
            Author::Login(login) => login.eq_ignore_ascii_case(&user.login),
            Author::AnyBot => user.is_bot(),
        })
    }
}

impl fmt::Display for Author {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Author::Login(login) => f.write_str(&shown(login)),
            Author::AnyBot => f.write_str("any bot"),
        }
    }
}

impl User {
    pub fn is_bot(&self) -> bool {
        self.kind == "Bot"
    }

    pub fn is_person(&self) -> bool {
        self.kind == "User"
    }
}

/// Whose token it is.
///
/// # Errors
/// GitHub does not accept it, or can't be asked.
pub async fn author<W: Wire>(github: &GitHub<W>, token: &Token) -> Result<Author, Trouble> {
    if token.is_of_an_installation() {
        return Ok(Author::AnyBot);
    }
    match github.get::<User>("/user").await {
        Ok(user) => Ok(Author::Login(user.login)),
        // Installation tokens of older servers have no telling beginning; they are refused here.
        Err(trouble) if trouble.status == Some(403) => Ok(Author::AnyBot),
        Err(trouble) => Err(trouble),
    }
}

#[cfg(test)]
mod tests {
    use super::super::github::tests::{answer, script};
    use super::*;

    fn user(login: &str, kind: &str) -> User {
        User { login: login.to_owned(), kind: kind.to_owned() }
    }

    #[test]
    fn a_person_never_passes_for_a_bot_nor_a_stranger_for_us() {
        assert!(Author::AnyBot.is(Some(&user("github-actions[bot]", "Bot"))));
        assert!(!Author::AnyBot.is(Some(&user("mallory-bot", "User"))) && !Author::AnyBot.is(None));
        let ours = Author::Login("Landfall[bot]".to_owned());
        assert!(ours.is(Some(&user("landfall[bot]", "Bot"))) && !ours.is(Some(&user("other[bot]", "Bot"))));
    }

    #[tokio::test]
    async fn who_we_are_is_asked_where_github_tells() {
        let of = async |token: &str, answers: Vec<_>| author(&script(answers), &Token::new(token).unwrap()).await;
        let ada = answer(200, &[], r#"{"login":"ada","type":"User","id":1}"#);
        assert_eq!(of("ghp_x", vec![ada]).await.unwrap(), Author::Login("ada".to_owned()));
        assert_eq!(of("ghs_x", vec![]).await.unwrap(), Author::AnyBot);
        assert_eq!(of("v1.x", vec![answer(403, &[], "")]).await.unwrap(), Author::AnyBot);
        assert_eq!(of("ghp_x", vec![answer(401, &[], "")]).await.unwrap_err().summary, "GitHub does not accept the token");
    }
}
