//! `iam-oidc-provider`: lets workflows elsewhere prove who they are, without a key.

use super::{Driver, Kind, Scope, Seen, Tags, iam, tags};
use crate::aws::{CallError, Session, or_exists, or_missing};
use crate::model::{Address, Change, KindName, Name, Reference, RemoteId, Risk, show};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// An identity provider that roles may trust. The resource's name is its host: `token.actions.githubusercontent.com`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IamOidcProvider {
    /// For whom its tokens must be made out, such as `sts.amazonaws.com`.
    pub client_ids: BTreeSet<String>,
    /// Tags. Those of the team, domain and environment are set without being declared.
    #[serde(default)]
    pub tags: Tags,
}

impl Kind for IamOidcProvider {
    const NAME: KindName = KindName::new("iam-oidc-provider");
    const SCOPE: Scope = Scope::Global;
    const ABOUT: &'static str =
        "An OpenID Connect provider: lets workflows elsewhere prove who they are, so that they need no access key. Its name is its host.";
    const REFERS: &'static [KindName] = &[];
    const READS: &'static [&'static str] = &["iam:ListOpenIDConnectProviders", "iam:GetOpenIDConnectProvider"];
    const WRITES: &'static [&'static str] = &[
        "iam:CreateOpenIDConnectProvider",
        "iam:DeleteOpenIDConnectProvider",
        "iam:AddClientIDToOpenIDConnectProvider",
        "iam:RemoveClientIDFromOpenIDConnectProvider",
        "iam:TagOpenIDConnectProvider",
    ];

    fn changes(live: &IamOidcProvider, want: &IamOidcProvider) -> Vec<Change> {
        let IamOidcProvider { client_ids, tags: live_tags } = live;
        let IamOidcProvider { client_ids: want_ids, tags: want_tags } = want;
        let why = "decides whose tokens the account accepts";
        let clients = (client_ids != want_ids)
            .then(|| Change::between("client_ids", Some(show(client_ids)), Some(show(want_ids))).concerning(Risk::Dangerous, why));
        clients.into_iter().chain(tags::changes(live_tags, want_tags)).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        BTreeSet::new()
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        Some(&mut self.tags)
    }
}

impl Driver for IamOidcProvider {
    async fn read(at: &Session) -> Result<Vec<Seen<IamOidcProvider>>, CallError> {
        // The listing tells neither tags nor clients; an account has a handful of providers at most.
        let answer = at.iam().list_open_id_connect_providers().send().await?;
        let mut seen = Vec::new();
        for arn in answer.open_id_connect_provider_list().iter().filter_map(|provider| provider.arn()) {
            seen.extend(see(at, arn).await?);
        }
        Ok(seen)
    }

    // The name tells the ARN, so one call does it.
    async fn find(at: &Session, address: &Address) -> Result<Option<Seen<IamOidcProvider>>, CallError> {
        let seen = see(at, &arn(at, &address.name)).await?;
        Ok(seen.filter(|seen| seen.name.as_ref() == Some(&address.name)))
    }

    async fn create(at: &Session, address: &Address, want: &IamOidcProvider) -> Result<RemoteId, CallError> {
        let call = at.iam().create_open_id_connect_provider().url(format!("https://{}", address.name));
        let call = call.set_client_id_list(Some(want.client_ids.iter().cloned().collect()));
        let call = call.set_tags(Some(iam::written(&tags::marked(address, &want.tags))?));
        if or_exists(call.send().await.map_err(CallError::from))?.is_none() && Self::find(at, address).await?.is_none() {
            let taken = format!("the account has a provider for {} already that is not Landfall's", address.name);
            return Err(CallError::refused("iam:CreateOpenIDConnectProvider", taken));
        }
        Ok(arn(at, &address.name).into())
    }

    async fn update(at: &Session, _: &Address, id: &RemoteId, want: &IamOidcProvider, changes: &[Change]) -> Result<(), CallError> {
        if changes.iter().any(|change| change.field == "client_ids") {
            let answer = at.iam().get_open_id_connect_provider().open_id_connect_provider_arn(id.as_str()).send().await?;
            let live: BTreeSet<String> = answer.client_id_list().iter().cloned().collect();
            for client in want.client_ids.difference(&live) {
                let call = at.iam().add_client_id_to_open_id_connect_provider();
                call.open_id_connect_provider_arn(id.as_str()).client_id(client).send().await?;
            }
            for client in live.difference(&want.client_ids) {
                let call = at.iam().remove_client_id_from_open_id_connect_provider();
                call.open_id_connect_provider_arn(id.as_str()).client_id(client).send().await?;
            }
        }
        if tags::touched(changes) {
            let call = at.iam().tag_open_id_connect_provider().open_id_connect_provider_arn(id.as_str());
            call.set_tags(Some(iam::written(&want.tags)?)).send().await?;
        }
        Ok(())
    }

    async fn delete(at: &Session, _: &Address, id: &RemoteId, _: &IamOidcProvider) -> Result<(), CallError> {
        let call = at.iam().delete_open_id_connect_provider().open_id_connect_provider_arn(id.as_str());
        or_missing(call.send().await.map_err(CallError::from)).map(drop)
    }
}

fn arn(at: &Session, host: &Name) -> String {
    format!("arn:{}:iam::{}:oidc-provider/{host}", at.partition(), at.account_id())
}

/// A provider by its ARN; none when it is gone since it was listed.
async fn see(at: &Session, arn: &str) -> Result<Option<Seen<IamOidcProvider>>, CallError> {
    let call = at.iam().get_open_id_connect_provider().open_id_connect_provider_arn(arn);
    let Some(found) = or_missing(call.send().await.map_err(CallError::from))? else { return Ok(None) };
    let all = iam::tags(found.tags());
    let host = arn.split_once(":oidc-provider/").map_or("", |(_, host)| host);
    // A mark with another name was copied from elsewhere: the host is the name.
    let name = tags::owner(at, &IamOidcProvider::NAME, &all).filter(|name| name.as_str() == host);
    let spec = IamOidcProvider { client_ids: found.client_id_list().iter().cloned().collect(), tags: tags::declared(&all) };
    Ok(Some(Seen { id: arn.into(), name, spec }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_tokens_are_accepted_is_a_dangerous_change() {
        let provider = |ids: &[&str]| IamOidcProvider { client_ids: ids.iter().map(|id| (*id).to_owned()).collect(), tags: Tags::new() };
        let live = provider(&["sts.amazonaws.com"]);
        assert_eq!(IamOidcProvider::changes(&live, &live), []);
        let changes = IamOidcProvider::changes(&live, &provider(&["sts.amazonaws.com", "https://github.com/acme"]));
        assert_eq!(changes[0].concern.as_ref().unwrap().risk, Risk::Dangerous);
    }
}
