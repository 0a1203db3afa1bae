//! From the table of kinds to the `Spec` enum and its dispatch. No kind is named here.

use super::policy::{ALWAYS, ENTER};
use super::{Driver, Kind, Scope, Seen, Spec, TABLE};
use crate::model::{Address, KindName, Reference, Region};
use std::collections::BTreeSet;

/// What the table says of a kind.
pub struct Row {
    pub kind: KindName,
    pub scope: Scope,
    pub about: &'static str,
    pub refers: &'static [KindName],
    pub setting: bool,
    pub optional: bool,
    pub reads: &'static [&'static str],
    pub writes: &'static [&'static str],
    pub inside: &'static [&'static str],
    /// The JSON schema of the spec, from its type and doc comments.
    pub schema: fn() -> schemars::Schema,
    /// The spec of this kind from its fields.
    pub parse: fn(serde_json::Value) -> Result<Spec, serde_json::Error>,
}

/// All operations that only read: what `plan` may do, and not one more.
pub fn reads() -> BTreeSet<String> {
    TABLE.iter().flat_map(|row| row.reads).chain(&ALWAYS).chain([&ENTER]).map(|operation| (*operation).to_owned()).collect()
}

/// Those of them that are made with a member account's role.
pub fn reads_inside() -> BTreeSet<String> {
    let inside = TABLE.iter().filter(|row| matches!(row.scope, Scope::Global | Scope::Regional));
    let of_aws = |operation: &&&str| OUTSIDE.iter().all(|service| !operation.starts_with(service));
    let managed = TABLE.iter().flat_map(|row| row.inside.iter().filter(|operation| row.reads.contains(operation)));
    inside.flat_map(|row| row.reads).chain(managed).filter(of_aws).map(|operation| (*operation).to_owned()).collect()
}

/// What the operations of services that are not AWS begin with.
pub const OUTSIDE: [&str; 2] = ["github:", "newrelic:"];

/// The row of a kind, if there is such a kind.
pub fn row(kind: &KindName) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.kind == *kind)
}

impl Row {
    pub(super) const fn of<K: Kind + Into<Spec>>() -> Row {
        Row {
            kind: K::NAME,
            scope: K::SCOPE,
            about: K::ABOUT,
            refers: K::REFERS,
            setting: K::SETTING,
            optional: K::OPTIONAL,
            reads: K::READS,
            writes: K::WRITES,
            inside: K::INSIDE,
            schema: || schemars::schema_for!(K),
            parse: |fields| serde_json::from_value::<K>(fields).map(K::into),
        }
    }
}

impl Scope {
    /// The Region part of an address, for a resource declared by or for an account in `home`.
    pub fn region(self, home: &Region) -> Region {
        match self {
            Scope::Organization | Scope::Membership | Scope::Managed | Scope::Global => Region::GLOBAL,
            Scope::Regional => home.clone(),
        }
    }
}

impl Reference {
    /// The address that a spec at `from` means; `home` is the Region of regional resources.
    pub fn resolve(&self, from: &Address, home: &Region) -> Address {
        let account = self.account.clone().unwrap_or_else(|| from.account.clone());
        let region = row(&self.kind).map_or(Region::GLOBAL, |row| row.scope.region(home));
        Address { account, region, kind: self.kind.clone(), name: self.name.clone() }
    }
}

impl<K: Driver> Seen<K> {
    pub(super) fn widen(self) -> Seen<Spec>
    where
        K: Into<Spec>,
    {
        Seen { id: self.id, name: self.name, spec: self.spec.into() }
    }
}

macro_rules! kinds {
    ($($module:ident::$type:ident),+ $(,)?) => {
        $(pub mod $module; pub use $module::$type;)+

        /// All kinds, in the order in which they are read.
        pub static TABLE: &[Row] = &[$(Row::of::<$type>()),+];

        /// One resource's declared fields, of any kind.
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Spec { $($type($type)),+ }

        $(impl From<$type> for Spec {
            fn from(spec: $type) -> Spec { Spec::$type(spec) }
        })+

        impl Spec {
            pub fn kind(&self) -> crate::model::KindName {
                match self { $(Spec::$type(_) => <$type as Kind>::NAME),+ }
            }

            /// What differs between two specs of one address.
            ///
            /// # Panics
            /// When they are of different kinds. An address holds the kind, and plan files are checked on loading.
            pub fn changes(live: &Spec, want: &Spec) -> Vec<crate::model::Change> {
                match (live, want) {
                    $((Spec::$type(live), Spec::$type(want)) => $type::changes(live, want),)+
                    #[allow(unreachable_patterns)]
                    _ => panic!("a {} is compared with a {}", live.kind(), want.kind()),
                }
            }

            pub fn needs(&self) -> std::collections::BTreeSet<crate::model::Reference> {
                match self { $(Spec::$type(spec) => spec.needs()),+ }
            }

            pub fn tells(&self) -> Option<String> {
                match self { $(Spec::$type(spec) => spec.tells()),+ }
            }

            pub fn rebind(&self, replaced: &crate::model::Reference) -> crate::model::Effect {
                match self { $(Spec::$type(spec) => spec.rebind(replaced)),+ }
            }

            pub fn held(&self) -> Option<Held> {
                match self { $(Spec::$type(spec) => spec.held()),+ }
            }

            pub fn pending(&self) -> Option<String> {
                match self { $(Spec::$type(spec) => spec.pending()),+ }
            }

            pub fn tags(&mut self) -> Option<&mut Tags> {
                match self { $(Spec::$type(spec) => spec.tags()),+ }
            }

            /// All resources of a kind; see `Driver::read`.
            pub async fn read(kind: &crate::model::KindName, at: &crate::aws::Session) -> Result<Vec<Seen<Spec>>, crate::aws::CallError> {
                $(if *kind == <$type as Kind>::NAME {
                    return Ok(<$type as Driver>::read(at).await?.into_iter().map(Seen::widen).collect());
                })+
                Ok(Vec::new())
            }

            /// The one resource of an address; see `Driver::find`.
            pub async fn find(at: &crate::aws::Session, address: &crate::model::Address) -> Result<Option<Seen<Spec>>, crate::aws::CallError> {
                $(if address.kind == <$type as Kind>::NAME {
                    return Ok(<$type as Driver>::find(at, address).await?.map(Seen::widen));
                })+
                Ok(None)
            }

            /// Makes it; see `Driver::create`.
            pub async fn create(&self, at: &crate::aws::Session, address: &crate::model::Address)
                -> Result<crate::model::RemoteId, crate::aws::CallError> {
                match self { $(Spec::$type(want) => <$type as Driver>::create(at, address, want).await),+ }
            }

            /// Makes the changes; see `Driver::update`.
            pub async fn update(
                &self,
                at: &crate::aws::Session,
                address: &crate::model::Address,
                id: &crate::model::RemoteId,
                changes: &[crate::model::Change],
            ) -> Result<(), crate::aws::CallError> {
                match self { $(Spec::$type(want) => <$type as Driver>::update(at, address, id, want, changes).await),+ }
            }

            /// Removes it; see `Driver::delete`.
            pub async fn delete(&self, at: &crate::aws::Session, address: &crate::model::Address, id: &crate::model::RemoteId)
                -> Result<(), crate::aws::CallError> {
                match self { $(Spec::$type(live) => <$type as Driver>::delete(at, address, id, live).await),+ }
            }
        }
    };
}
pub(super) use kinds;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::{SESSION_POLICY_LIMIT, read_policy};

    #[test]
    fn a_kind_refers_to_itself_and_those_above_it_only() {
        for (at, row) in TABLE.iter().enumerate() {
            let above: Vec<&KindName> = TABLE[..=at].iter().map(|row| &row.kind).collect();
            for refers in row.refers {
                assert!(above.contains(&refers), "{} refers to {refers}, which is read after it", row.kind);
            }
        }
    }

    #[test]
    fn reads_only_read_and_are_no_writes() {
        let writes: BTreeSet<&str> = TABLE.iter().flat_map(|row| row.writes).copied().collect();
        for operation in reads() {
            let (_, name) = operation.split_once(':').unwrap();
            let reads = ["Describe", "List", "Get", "View"].iter().any(|verb| name.starts_with(verb));
            assert!(reads || operation == "sts:AssumeRole", "{operation} does not sound like a read");
            assert!(!writes.contains(operation.as_str()), "{operation} is a read of one kind and a write of another");
        }
    }

    #[test]
    fn the_reads_fit_into_a_session_policy() {
        let length = read_policy(&reads_inside()).len();
        assert!(length <= SESSION_POLICY_LIMIT, "{length} characters");
    }

    #[test]
    fn every_kind_has_a_schema_that_tells_what_its_fields_are() {
        for row in TABLE {
            let schema = (row.schema)();
            assert!(schema.get("properties").is_some_and(|fields| fields.is_object()), "{}: {schema:?}", row.kind);
        }
    }
}
