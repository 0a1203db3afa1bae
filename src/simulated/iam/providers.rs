//! OpenID Connect providers: whose tokens an account accepts, and for whom they must be made out.

use super::{Iam, Tags, done, tag_set, taggable};
use crate::simulated::wire::{Answer, Asked, Fault, element, fault, iso, set, xml};
use crate::simulated::{At, Moment};
use serde::{Deserialize, Serialize};

/// For so many a provider's tokens may be made out (IAM quotas).
const MOST_CLIENTS: usize = 100;

/// A provider, by its ARN.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Provider {
    /// Its address without the scheme.
    url: String,
    clients: Vec<String>,
    thumbprints: Vec<String>,
    created: Moment,
    pub tags: Tags,
}

impl Iam {
    /// The provider that a call is about.
    pub(super) fn provider(&mut self, asked: &Asked) -> Result<&mut Provider, Fault> {
        let arn = asked.text("OpenIDConnectProviderArn");
        match self.providers.get_mut(&arn) {
            Some(provider) => Ok(provider),
            None => fault("NoSuchEntity", format!("OpenIDConnect Provider not found for arn {arn}")),
        }
    }

    pub(super) fn create_provider(&mut self, at: &At<'_>, asked: &Asked) -> Answer {
        let whole = asked.text("Url");
        let Some(url) = whole.strip_prefix("https://").filter(|url| !url.is_empty() && !url.contains([':', '?', '#'])) else {
            return fault("ValidationError", "Invalid Open ID Connect Provider URL");
        };
        let clients = asked.list("ClientIDList.member");
        if clients.len() > MOST_CLIENTS {
            return fault("LimitExceeded", format!("Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {MOST_CLIENTS}"));
        }
        let url = url.trim_end_matches('/').to_owned();
        let arn = format!("arn:aws:iam::{}:oidc-provider/{url}", at.account);
        if self.providers.contains_key(&arn) {
            return fault("EntityAlreadyExists", format!("Provider with url {whole} already exists."));
        }
        let (thumbprints, tags) = (asked.list("ThumbprintList.member"), taggable(0, asked.tags("Tags.member"))?);
        let answer = element("OpenIDConnectProviderArn", &arn) + &tag_set(&tags);
        self.providers.insert(arn, Provider { url, clients, thumbprints, created: at.now, tags });
        xml(answer)
    }

    pub(super) fn list_providers(&self) -> Answer {
        let arns = self.providers.keys().map(|arn| element("Arn", arn));
        xml(set("OpenIDConnectProviderList", "member", arns))
    }

    pub(super) fn get_provider(&mut self, asked: &Asked) -> Answer {
        let Provider { url, clients, thumbprints, created, tags } = self.provider(asked)?;
        let texts =
            |name: &str, all: &[String]| format!("<{name}>{}</{name}>", all.iter().map(|one| element("member", one)).collect::<String>());
        let lists = texts("ClientIDList", clients) + &texts("ThumbprintList", thumbprints);
        xml(element("Url", url) + &element("CreateDate", &iso(*created)) + &lists + &tag_set(tags))
    }

    /// AWS minds neither a provider that is not there, nor a client that is there already, nor one that is not.
    pub(super) fn delete_provider(&mut self, asked: &Asked) -> Answer {
        self.providers.remove(&asked.text("OpenIDConnectProviderArn"));
        done()
    }

    pub(super) fn add_client(&mut self, asked: &Asked) -> Answer {
        let (client, clients) = (asked.text("ClientID"), &mut self.provider(asked)?.clients);
        if clients.contains(&client) {
            return done();
        }
        if clients.len() >= MOST_CLIENTS {
            return fault("LimitExceeded", format!("Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {MOST_CLIENTS}"));
        }
        clients.push(client);
        done()
    }

    pub(super) fn remove_client(&mut self, asked: &Asked) -> Answer {
        let client = asked.text("ClientID");
        self.provider(asked)?.clients.retain(|other| *other != client);
        done()
    }
}
