//! Secrets in memory, and the sealed boxes (libsodium's) that they travel to GitHub in. A secret is never shown, and wiped when dropped.

use aws_smithy_types::base64;
use crypto_box::PublicKey;
use crypto_box::aead::OsRng;
use octocrab::secrecy::{ExposeSecret, SecretString};
use std::fmt;

/// A secret: not even `{:?}` shows it.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    pub fn new(text: String) -> Secret {
        Secret(text.into())
    }

    /// For the call that hands it over, and nothing else.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The secret in a box that only the holder of the private key opens, in base64; the public key is in base64 as well.
    ///
    /// # Errors
    /// The key is none; the words don't tell the secret.
    pub fn sealed(&self, key: &str) -> Result<String, &'static str> {
        let bytes = base64::decode(key).map_err(|_| "the public key is no base64")?;
        let key = PublicKey::from_slice(&bytes).map_err(|_| "the public key does not have 32 bytes")?;
        let boxed = key.seal(&mut OsRng, self.expose().as_bytes()).map_err(|_| "the box can't be sealed")?;
        Ok(base64::encode(boxed))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crypto_box::SecretKey;

    #[test]
    fn only_the_private_key_opens_the_box_and_no_two_boxes_are_alike() {
        let private = SecretKey::generate(&mut OsRng);
        let public = base64::encode(private.public_key().as_bytes());
        let secret = Secret::new("tOpSeCrEt".to_owned());
        let (one, two) = (secret.sealed(&public).unwrap(), secret.sealed(&public).unwrap());
        assert_ne!(one, two);
        assert_eq!(private.unseal(&base64::decode(&one).unwrap()).unwrap(), b"tOpSeCrEt");
        assert!(SecretKey::generate(&mut OsRng).unseal(&base64::decode(&two).unwrap()).is_err());
        assert!(!format!("{secret:?}").contains("tOpSeCrEt"));
    }

    #[test]
    fn what_is_no_key_seals_nothing() {
        for key in ["", "??", "AAAA"] {
            assert!(Secret::new("tOpSeCrEt".to_owned()).sealed(key).is_err(), "{key}");
        }
    }
}
