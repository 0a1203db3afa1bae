//! What a kind is: its pure half, which plans, and its driver, which talks to AWS.

use super::Tags;
use crate::aws::{CallError, Session};
use crate::model::{Address, Change, Effect, KindName, Name, Reference, RemoteId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;

/// Where the resources of a kind live, and through which account they are managed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In the management account, once for the organization: organizational units.
    Organization,
    /// One to a member account, managed from the management account: the account itself.
    Membership,
    /// A member account's, but managed with the management account's credentials: who may enter it, its support plan.
    Managed,
    /// In the account, without a Region: IAM.
    Global,
    /// In the account and a Region.
    Regional,
}

/// The pure half of a kind. The type itself is the spec: one resource's declared fields.
///
/// A spec never holds an AWS id: it names other resources by `Reference`, so that a plan is whole before anything exists.
pub trait Kind: Clone + PartialEq + Serialize + DeserializeOwned + schemars::JsonSchema {
    /// As written in YAML: `iam-role`.
    const NAME: KindName;
    const SCOPE: Scope;
    /// One or two sentences for `landfall explain` and the documentation.
    const ABOUT: &'static str;
    /// The kinds whose resources a spec may name.
    const REFERS: &'static [KindName];
    /// Whether every account has it anyway, unmarked: a setting. It is made as declared, and left as it is when nobody declares it any more.
    const SETTING: bool = false;
    /// Whether it is of a service that an organization may not have. What can't be read is then no trouble, unless the files declare some.
    const OPTIONAL: bool = false;
    /// The operations that `read` and `find` call, as in IAM policies.
    const READS: &'static [&'static str];
    /// The operations that `create`, `update` and `delete` call besides.
    const WRITES: &'static [&'static str];

    /// Those of them that a `Managed` kind calls in the account itself, with the role there.
    const INSIDE: &'static [&'static str] = &[];

    /// What differs. Destructure both: a new field must not compile before someone has decided what its change takes.
    fn changes(live: &Self, want: &Self) -> Vec<Change>;

    /// The resources that have to exist before this one.
    fn needs(&self) -> BTreeSet<Reference>;

    /// What a declared resource tells whoever reads the live one, so that no call is made whose answer could not matter.
    fn tells(&self) -> Option<String> {
        None
    }

    /// What it takes to point this resource at a need that is replaced under the same name.
    fn rebind(&self, _replaced: &Reference) -> Effect {
        Effect::Replaces
    }

    /// Why a live resource must not be deleted unless its account is retired: it holds what people can't get back.
    fn held(&self) -> Option<Held> {
        None
    }

    /// What a live resource waits for before it is of use: a code to be entered, an invitation to be accepted. Shown, and no drift.
    fn pending(&self) -> Option<String> {
        None
    }

    /// The tags of the spec, for kinds that can be tagged.
    fn tags(&mut self) -> Option<&mut Tags>;
}

/// Why a live resource must not be deleted, and what has to stay with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub why: String,
    /// Whether it is of use only together with all that is bound to it: a network is, data that was written down is not.
    pub along: bool,
}

impl Held {
    /// Held together with all that is bound to it.
    pub fn along(why: impl Into<String>) -> Held {
        Held { why: why.into(), along: true }
    }

    /// Held by itself: what is bound to it may go.
    pub fn alone(why: impl Into<String>) -> Held {
        Held { why: why.into(), along: false }
    }
}

/// A resource as found in an account.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen<S> {
    pub id: RemoteId,
    /// Its name in our addresses; none when it carries no mark of ours, and so is a stranger's.
    pub name: Option<Name>,
    pub spec: S,
}

/// The half of a kind that talks to AWS. All methods may be called again after a crash or a lost answer.
#[expect(async_fn_in_trait, reason = "called on concrete types only, by the dispatch below the table")]
pub trait Driver: Kind {
    /// All resources of the kind in the session's account and Region, ours and strangers', by listing, every page.
    async fn read(at: &Session) -> Result<Vec<Seen<Self>>, CallError>;

    /// The one resource of an address, read again just before a step. By listing, unless that is dear.
    async fn find(at: &Session, address: &Address) -> Result<Option<Seen<Self>>, CallError> {
        Ok(Self::read(at).await?.into_iter().find(|seen| seen.name.as_ref() == Some(&address.name)))
    }

    /// Makes it, marked as ours in the same call where the API allows. Called only when `find` has just found nothing.
    async fn create(at: &Session, address: &Address, want: &Self) -> Result<RemoteId, CallError>;

    /// Makes the changes, and only them.
    async fn update(at: &Session, address: &Address, id: &RemoteId, want: &Self, changes: &[Change]) -> Result<(), CallError>;

    /// Removes it. Succeeds when it is gone already.
    async fn delete(at: &Session, address: &Address, id: &RemoteId, live: &Self) -> Result<(), CallError>;
}
