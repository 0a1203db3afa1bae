//! Signing in as a GitHub App: a short-lived, signed claim to be the App, exchanged for a token of its installation in one repository,
//! with no more permission than the command needs.

use super::author::Author;
use super::github::parsed;
use super::wire::{Base, Octocrab, Request, Verb, Wire};
use super::{GitHub, PrivateKey, Repository, Token, Trouble};
use aws_smithy_types::base64;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;

/// GitHub accepts ten minutes at most; two exchanges take seconds.
const LIFE: i64 = 300;
/// GitHub's servers need not agree to the second.
const LEEWAY: i64 = 60;

/// An App that is ours.
#[derive(Clone, Debug)]
pub struct App {
    /// Its id, or its client id.
    pub id: String,
    pub key: PrivateKey,
}

#[derive(Deserialize)]
struct Installation {
    id: u64,
    app_slug: String,
    #[serde(default)]
    permissions: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Issued {
    token: String,
}

/// A token of the App's installation in a repository, and who we are with it. `writes` says whether it has to be able to comment.
///
/// # Errors
/// The key is no key, the App is not installed there, or lacks the permission.
pub async fn installed(base: &Base, app: &App, repository: &Repository, writes: bool, tell: fn(&str)) -> Result<(Token, Author), Trouble> {
    let nobody = GitHub::new(Octocrab::new(base, None)?, repository.clone(), tell);
    let claim = Token::new(&claim(app, now(&nobody).await?)?)?;
    let github = GitHub::new(Octocrab::new(base, Some(&claim))?, repository.clone(), tell);
    exchange(&github, writes).await
}

async fn exchange<W: Wire>(github: &GitHub<W>, writes: bool) -> Result<(Token, Author), Trouble> {
    let repository = &github.repository;
    let absent = || {
        Trouble::refused("the GitHub App is not installed there", format!("GitHub knows no installation of it in {repository}"))
            .hint("install it in the repository: the App's settings, Install App")
    };
    let installation: Installation = github.find(&github.path("/installation")).await?.ok_or_else(absent)?;
    let wants = if writes { "write" } else { "read" };
    let has = installation.permissions.get("pull_requests").map_or("no", String::as_str);
    if has != "write" && has != wants {
        let detail = format!("it needs the permission \"Pull requests: {wants}\" in {repository}, and has {}", super::trouble::shown(has));
        let hint = "grant it in the App's settings, Permissions; the owner of the installation then has to accept it";
        return Err(Trouble::refused("the GitHub App lacks a permission", detail).hint(hint));
    }
    let body = json!({ "repositories": [repository.name()], "permissions": { "pull_requests": wants, "metadata": "read" } });
    let path = format!("/app/installations/{}/access_tokens", installation.id);
    let request = Request { verb: Verb::Post, path, body: Some(body) };
    // Issuing a second token does no harm: each ends by itself.
    let answer = github.patiently(async || github.once(&request).await).await?;
    let issued: Issued = parsed(&request, &answer)?;
    Ok((Token::new(&issued.token)?, Author::Login(format!("{}[bot]", installation.app_slug))))
}

/// The second that it is, by GitHub's clock: a claim made by a clock that is off is refused, with words that don't tell why.
async fn now<W: Wire>(github: &GitHub<W>) -> Result<i64, Trouble> {
    // Any answer tells, a refusal too; this question costs nothing of any limit.
    let request = Request::get("/rate_limit");
    let ask = async || {
        let lost = |lost| Trouble::unclear("GitHub does not answer", format!("{request}: {lost}"));
        github.wire.send(&request).await.map_err(lost)
    };
    let answer = github.patiently(ask).await?;
    answer.date().ok_or_else(|| Trouble::refused("GitHub's answer is not understood", format!("{request}: it has no date")))
}

/// The claim: a JSON Web Token, signed with the App's key.
fn claim(app: &App, now: i64) -> Result<String, Trouble> {
    let key = key(&app.key)?;
    let encode = |bytes: &[u8]| base64::encode(bytes).trim_end_matches('=').replace('+', "-").replace('/', "_");
    let head = encode(json!({ "alg": "RS256", "typ": "JWT" }).to_string().as_bytes());
    let said = encode(json!({ "iat": now - LEEWAY, "exp": now + LIFE, "iss": app.id }).to_string().as_bytes());
    let text = format!("{head}.{said}");
    let mut signature = vec![0; key.public().modulus_len()];
    let signed = key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature);
    signed.map_err(|_| unusable("it can't sign"))?;
    Ok(format!("{text}.{}", encode(&signature)))
}

/// The key from its PEM: PKCS#1, as GitHub hands it out, or PKCS#8, as some tools turn it into.
fn key(key: &PrivateKey) -> Result<RsaKeyPair, Trouble> {
    let between = |kind: &str| {
        let (_, rest) = key.pem().split_once(&format!("-----BEGIN {kind}-----"))?;
        let (body, _) = rest.split_once(&format!("-----END {kind}-----"))?;
        base64::decode(body.split_whitespace().collect::<String>()).ok()
    };
    let pair = match (between("RSA PRIVATE KEY"), between("PRIVATE KEY")) {
        (Some(der), _) => RsaKeyPair::from_der(&der),
        (None, Some(der)) => RsaKeyPair::from_pkcs8(&der),
        (None, None) => return Err(unusable("it is no PEM of a private key, from its first to its last line")),
    };
    pair.map_err(|rejected| unusable(&rejected.to_string()))
}

fn unusable(why: &str) -> Trouble {
    Trouble::refused("LANDFALL_APP_PRIVATE_KEY is no use", why)
        .hint("it holds the file that GitHub made under the App's settings, Private keys")
}

#[cfg(test)]
mod tests {
    use super::super::github::tests::{answer, script};
    use super::*;

    #[test]
    fn what_is_no_key_is_told_and_not_shown() {
        let broken = "-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0\n-----END RSA PRIVATE KEY-----";
        for text in ["", "secret", broken, &broken.replace("RSA ", ""), &broken.replace("c2Vj", "????")] {
            let app = App { id: "1".to_owned(), key: PrivateKey::new(text) };
            let refused = claim(&app, 0).unwrap_err();
            assert_eq!(refused.summary, "LANDFALL_APP_PRIVATE_KEY is no use");
            assert!(!refused.detail.contains("secret") && !refused.detail.contains("c2Vj"), "{refused}");
        }
    }

    #[tokio::test]
    async fn an_app_that_is_not_there_or_may_not_is_told_apart() {
        let absent = exchange(&script([answer(404, &[], "")]), true).await.unwrap_err();
        assert_eq!(absent.detail, "GitHub knows no installation of it in acme/infra");
        let reads = r#"{"id":1,"app_slug":"landfall","permissions":{"pull_requests":"read"}}"#;
        let lacks = exchange(&script([answer(200, &[], reads)]), true).await.unwrap_err();
        assert_eq!(lacks.detail, "it needs the permission \"Pull requests: write\" in acme/infra, and has read");
    }

    #[tokio::test]
    async fn the_token_is_the_installations_and_we_are_the_apps_bot() {
        let installation = answer(200, &[], r#"{"id":5,"app_slug":"landfall","permissions":{"pull_requests":"write"}}"#);
        let github = script([installation, answer(201, &[], r#"{"token":"ghs_x"}"#)]);
        let (token, author) = exchange(&github, false).await.unwrap();
        assert!(token.is_of_an_installation());
        assert_eq!(author, Author::Login("landfall[bot]".to_owned()));
        assert_eq!(*github.wire.asked.borrow(), ["GET /repos/acme/infra/installation", "POST /app/installations/5/access_tokens"]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_clock_is_githubs_and_a_refusal_tells_it_too() {
        let date = [("date", "Sat, 21 Nov 2026 08:00:00 GMT")];
        assert_eq!(now(&script([Err("reset".to_owned()), answer(404, &date, "")])).await.unwrap(), 1_795_248_000);
    }
}
