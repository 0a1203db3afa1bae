//! Kinds of the organization as a whole that are, field for field, kinds of an account: the same spec and driver, in the management
//! account. Where a resource lives is its kind's to say, so each gets a name and a file of its own.

macro_rules! organization_wide {
    ($(#[$about:meta])* $type:ident($of:ident) = $name:literal, $told:literal, $refers:expr, $writes:expr) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $type(pub(super) $of);

        // The fields themselves, and not a word for them: that is what everybody reads.
        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(of: &mut schemars::SchemaGenerator) -> schemars::Schema {
                <$of as schemars::JsonSchema>::json_schema(of)
            }
        }

        impl Kind for $type {
            const NAME: KindName = KindName::new($name);
            const SCOPE: Scope = Scope::Organization;
            const ABOUT: &'static str = $told;
            const REFERS: &'static [KindName] = $refers;
            const READS: &'static [&'static str] = <$of as Kind>::READS;
            const WRITES: &'static [&'static str] = $writes;

            fn changes(live: &$type, want: &$type) -> Vec<Change> {
                $of::changes(&live.0, &want.0)
            }

            fn needs(&self) -> BTreeSet<Reference> {
                self.0.needs()
            }

            fn rebind(&self, replaced: &Reference) -> Effect {
                self.0.rebind(replaced)
            }

            fn tags(&mut self) -> Option<&mut Tags> {
                self.0.tags()
            }
        }

        impl Driver for $type {
            async fn read(at: &Session) -> Result<Vec<Seen<$type>>, CallError> {
                let seen = $of::read(at).await?.into_iter();
                Ok(seen.map(|Seen { id, name, spec }| Seen { id, name, spec: $type(spec) }).collect())
            }

            async fn create(at: &Session, address: &Address, want: &$type) -> Result<RemoteId, CallError> {
                $of::create(at, address, &want.0).await
            }

            async fn update(at: &Session, address: &Address, id: &RemoteId, want: &$type, changes: &[Change]) -> Result<(), CallError> {
                $of::update(at, address, id, &want.0, changes).await
            }

            async fn delete(at: &Session, address: &Address, id: &RemoteId, live: &$type) -> Result<(), CallError> {
                $of::delete(at, address, id, &live.0).await
            }
        }
    };
}
pub(super) use organization_wide;
