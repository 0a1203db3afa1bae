//! Secrets of GitHub's: held in memory, wiped when dropped, never shown, not even by `{:?}`.

use super::trouble::Trouble;
use octocrab::secrecy::{ExposeSecret, SecretString};

/// Beginnings of the tokens of installations, that of a workflow's `GITHUB_TOKEN` included. Such a token has no user behind it.
const INSTALLATION: &str = "ghs_";

/// A token that requests carry.
#[derive(Clone, Debug)]
pub struct Token(SecretString);

/// The private key of a GitHub App, as PEM.
#[derive(Clone, Debug)]
pub struct PrivateKey(SecretString);

impl Token {
    /// A token from outside. White space around it, as secrets often carry, is no part of it.
    ///
    /// # Errors
    /// It can't be sent in a header.
    pub fn new(text: &str) -> Result<Token, Trouble> {
        let text = text.trim();
        if text.is_empty() || !text.chars().all(|c| c.is_ascii_graphic()) {
            let why = "a token is letters, digits and signs, with nothing between them; this one is empty, or holds something else";
            return Err(
                Trouble::refused("the GitHub token is no token", why).hint("look at how the secret was stored: it may hold a whole file")
            );
        }
        Ok(Token(text.to_owned().into()))
    }

    /// Whether it belongs to an installation of an App, and so to nobody whom GitHub would name.
    pub fn is_of_an_installation(&self) -> bool {
        self.0.expose_secret().starts_with(INSTALLATION)
    }

    /// For the wire alone.
    pub fn secret(&self) -> SecretString {
        self.0.clone()
    }
}

impl PrivateKey {
    /// A key from outside. Environments that hold no line breaks spell them `\n`.
    pub fn new(text: &str) -> PrivateKey {
        PrivateKey(text.replace("\\n", "\n").into())
    }

    /// For signing alone.
    pub fn pem(&self) -> &str {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_never_shown() {
        let token = Token::new(" ghs_tOpSeCrEt\n").unwrap();
        assert!(token.is_of_an_installation());
        assert!(!format!("{token:?}{:#?}", PrivateKey::new("tOpSeCrEt")).contains("tOpSeCrEt"));
    }

    #[test]
    fn what_no_header_can_carry_is_no_token() {
        for text in ["", " ", "xyz abc", "xyz\nabc", "xyzö"] {
            let refused = Token::new(text).unwrap_err().to_string();
            assert!(refused.contains("is no token") && !refused.contains("xyz"), "{text:?}: {refused}");
        }
    }
}
