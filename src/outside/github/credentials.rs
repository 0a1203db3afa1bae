//! Who asks GitHub, by the environment: an App whose key it holds, or else `GITHUB_TOKEN`. Only here are these variables read.

use super::app::App;
use super::trouble::Trouble;
use super::wire::Base;
use super::{PrivateKey, Token};

/// Somebody whom GitHub knows.
#[derive(Clone, Debug)]
pub enum Credentials {
    App(App),
    Token(Token),
}

impl Credentials {
    /// Those of the environment.
    ///
    /// # Errors
    /// There are none, or they are no use.
    pub fn of_environment() -> Result<Credentials, Trouble> {
        let Some(key) = variable("LANDFALL_APP_PRIVATE_KEY") else {
            let hint = "in a workflow step: `env: { GITHUB_TOKEN: ${{ github.token }} }`; or LANDFALL_APP_ID and LANDFALL_APP_PRIVATE_KEY";
            let none = || Trouble::refused("there is no GitHub token", "GITHUB_TOKEN is not set").hint(hint);
            return Token::new(&variable("GITHUB_TOKEN").ok_or_else(none)?).map(Credentials::Token);
        };
        // The key alone is no use, and an id alone is meant for somebody else.
        let none = || Trouble::refused("the GitHub App is not named", "LANDFALL_APP_PRIVATE_KEY is set, and LANDFALL_APP_ID is not");
        let id = variable("LANDFALL_APP_ID").or_else(|| variable("GITHUB_APP_ID")).ok_or_else(none)?;
        Ok(Credentials::App(App { id, key: PrivateKey::new(&key) }))
    }
}

impl Base {
    /// Where `GITHUB_API_URL` says that GitHub is.
    ///
    /// # Errors
    /// It is no address of an interface.
    pub fn of_environment() -> Result<Base, Trouble> {
        Base::of(variable("GITHUB_API_URL").as_deref())
    }
}

/// A variable of the environment; one that is empty is as good as none.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}
