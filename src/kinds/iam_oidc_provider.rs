//! `iam-oidc-provider`: lets workflows elsewhere prove who they are, without a key.

use super::{Kind, Scope, Tags, tags};
use crate::model::{Change, KindName, Reference, Risk, show};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// An identity provider that roles may trust. The resource's name is its host: `token.actions.githubusercontent.com`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IamOidcProvider {
    /// For whom its tokens must be made out, such as `sts.amazonaws.com`.
    pub client_ids: BTreeSet<String>,
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

super::unwritten!(IamOidcProvider);

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
