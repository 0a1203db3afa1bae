//! Signing in as a GitHub App: a short-lived, signed claim to be the App, exchanged for a token of its installation in one repository,
//! with no more permission than the command needs.

use super::asking::{GitHub, parsed};
use super::wire::{Base, Octocrab, Request, Verb, Wire};
use super::{PrivateKey, Repository, Token, trouble::Trouble};
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

/// What an App's installation has to be granted: permissions by name, each `read` or `write`.
pub type Permissions = BTreeMap<&'static str, &'static str>;

/// A token of the App's installation in a repository, and the App's short name: for that repository alone, or (`wide`) for all that the
/// installation reaches.
///
/// # Errors
/// The key is no key, the App is not installed there, or lacks a permission.
pub async fn installed(
    base: &Base,
    app: &App,
    repository: &Repository,
    wants: &Permissions,
    wide: bool,
    tell: fn(&str),
) -> Result<(Token, String), Trouble> {
    let nobody = GitHub::new(Octocrab::new(base, None)?, repository.clone(), tell);
    let claim = Token::new(&claim(app, now(&nobody).await?)?)?;
    let github = GitHub::new(Octocrab::new(base, Some(&claim))?, repository.clone(), tell);
    exchange(&github, wants, wide).await
}

async fn exchange<W: Wire>(github: &GitHub<W>, wants: &Permissions, wide: bool) -> Result<(Token, String), Trouble> {
    let repository = &github.repository;
    let absent = || {
        Trouble::refused("the GitHub App is not installed there", format!("GitHub knows no installation of it in {repository}"))
            .hint("install it in the repository: the App's settings, Install App")
    };
    let installation: Installation = github.find(&github.path("/installation")).await?.ok_or_else(absent)?;
    for (permission, level) in wants {
        let has = installation.permissions.get(*permission).map_or("no", String::as_str);
        if has != "write" && has != *level {
            return Err(lacking(repository, permission, level, has));
        }
    }
    let mut permissions = wants.clone();
    permissions.insert("metadata", "read");
    let mut body = json!({ "permissions": permissions });
    if !wide {
        body["repositories"] = json!([repository.name()]);
    }
    let path = format!("/app/installations/{}/access_tokens", installation.id);
    let request = Request { verb: Verb::Post, path, body: Some(body) };
    // Issuing a second token does no harm: each ends by itself.
    let answer = github.patiently(async || github.once(&request).await).await?;
    let issued: Issued = parsed(&request, &answer)?;
    Ok((Token::new(&issued.token)?, installation.app_slug))
}

fn lacking(repository: &Repository, permission: &str, level: &str, has: &str) -> Trouble {
    let (first, rest) = permission.split_at_checked(1).unwrap_or_default();
    let name = format!("{}{}", first.to_uppercase(), rest.replace('_', " "));
    let detail = format!("it needs the permission \"{name}: {level}\" in {repository}, and has {}", super::trouble::shown(has));
    let hint = "grant it in the App's settings, Permissions; the owner of the installation then has to accept it";
    Trouble::refused("the GitHub App lacks a permission", detail).hint(hint)
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
    use super::super::asking::tests::{answer, script};
    use super::*;

    fn pulls(level: &'static str) -> Permissions {
        Permissions::from([("pull_requests", level)])
    }

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
        let absent = exchange(&script([answer(404, &[], "")]), &pulls("write"), false).await.unwrap_err();
        assert_eq!(absent.detail, "GitHub knows no installation of it in acme/infra");
        let reads = r#"{"id":1,"app_slug":"landfall","permissions":{"pull_requests":"read"}}"#;
        let lacks = exchange(&script([answer(200, &[], reads)]), &pulls("write"), false).await.unwrap_err();
        assert_eq!(lacks.detail, "it needs the permission \"Pull requests: write\" in acme/infra, and has read");
    }

    #[tokio::test]
    async fn the_token_is_the_installations_and_the_apps_name_is_told() {
        let installation = answer(200, &[], r#"{"id":5,"app_slug":"landfall","permissions":{"pull_requests":"write"}}"#);
        let github = script([installation, answer(201, &[], r#"{"token":"ghs_x"}"#)]);
        let (token, slug) = exchange(&github, &pulls("read"), false).await.unwrap();
        assert!(token.is_of_an_installation());
        assert_eq!(slug, "landfall");
        assert_eq!(*github.wire.asked.borrow(), ["GET /repos/acme/infra/installation", "POST /app/installations/5/access_tokens"]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_clock_is_githubs_and_a_refusal_tells_it_too() {
        let date = [("date", "Sat, 21 Nov 2026 08:00:00 GMT")];
        assert_eq!(now(&script([Err("reset".to_owned()), answer(404, &date, "")])).await.unwrap(), 1_795_248_000);
    }
}
