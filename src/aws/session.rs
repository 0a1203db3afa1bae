//! A session: one account and Region, its clients and its directory. What every driver is handed, and the only way to reach AWS.

use super::credentials::AssumedRole;
use super::endpoint::AsGiven;
use super::guard::Guard;
use super::once::Answers;
use super::pace::{Pace, Paced, Payer, retries};
use super::{CallError, Directory, Moment};
use crate::model::limits::AtOnce;
use crate::model::{Access, Account, Address, KindName, Name, Reference, Region, RemoteId, Turn};
use crate::outside::Outside;
use aws_config::SdkConfig;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

/// The names that the files declare, by account and kind: for kinds that can't be listed, and are asked for one by one.
pub type Names = BTreeMap<(Account, KindName), BTreeSet<Name>>;

/// What declared resources tell whoever reads the live ones, in the words of their kind, so that nothing is asked which could not matter.
pub type Wanted = BTreeMap<Address, String>;

/// Everything that a session is made of but its clients. Cloning shares what was learnt and assumed.
#[derive(Clone)]
pub(super) struct Place {
    pub account: Account,
    pub account_id: RemoteId,
    pub management_id: RemoteId,
    pub partition: String,
    pub region: Region,
    pub config: SdkConfig,
    pub guard: Guard,
    /// Whose credentials the clients have: of a session that manages something for an account, the management account.
    pub payer: Account,
    pub pace: Arc<Pace>,
    pub role: Option<AssumedRole>,
    pub directory: Arc<Directory>,
    pub outside: Arc<Outside>,
    pub declared: Arc<Names>,
    pub wanted: Arc<Wanted>,
    pub answers: Option<Arc<Answers>>,
    pub shared: Arc<Mutex<BTreeMap<&'static str, Slot>>>,
    pub inside: Option<Arc<Session>>,
}

impl Place {
    /// Waits for the turn of each call of a client.
    fn paced(&self) -> Paced {
        Paced { pace: self.pace.clone(), payer: Payer { account: self.payer.clone(), region: self.region.clone() } }
    }
}

/// What all sessions of the management account share under one name. Who has it locked is the only one to act on it.
pub type Slot = Arc<tokio::sync::Mutex<Option<serde_json::Value>>>;

/// Declares a session's clients, and makes the accessor of each: built on first use, with the session's guard on it.
macro_rules! clients {
    ($($service:ident: $sdk:ident),+ $(,)?) => {
        #[derive(Default)]
        struct Clients { $($service: OnceLock<$sdk::Client>),+ }

        impl Session {
            $(pub fn $service(&self) -> &$sdk::Client {
                self.clients.$service.get_or_init(|| {
                    let config = $sdk::config::Builder::from(&self.place.config).interceptor(self.place.guard.clone());
                    let config = config.identity_cache(self.place.paced()).retry_partition(retries(&self.place.payer));
                    $sdk::Client::from_conf(config.build())
                })
            })+
        }
    };
}

clients! {
    accounts: aws_sdk_account,
    budgets: aws_sdk_budgets,
    cloudwatch: aws_sdk_cloudwatch,
    cloudwatchlogs: aws_sdk_cloudwatchlogs,
    ec2: aws_sdk_ec2,
    eventbridge: aws_sdk_eventbridge,
    iam: aws_sdk_iam,
    identitystore: aws_sdk_identitystore,
    lambda: aws_sdk_lambda,
    organizations: aws_sdk_organizations,
    secretsmanager: aws_sdk_secretsmanager,
    servicequotas: aws_sdk_servicequotas,
    sns: aws_sdk_sns,
    ssm: aws_sdk_ssm,
    ssmcontacts: aws_sdk_ssmcontacts,
    ssmincidents: aws_sdk_ssmincidents,
    ssoadmin: aws_sdk_ssoadmin,
    support: aws_sdk_support,
}

/// An open door into one account. Only `Connection` makes them.
pub struct Session {
    place: Place,
    clients: Clients,
    s3: OnceLock<aws_sdk_s3::Client>,
    s3control: OnceLock<aws_sdk_s3control::Client>,
}

impl Session {
    pub(super) fn new(place: Place) -> Session {
        Session { place, clients: Clients::default(), s3: OnceLock::new(), s3control: OnceLock::new() }
    }

    /// S3's interface for whole accounts. Apart from the others, because an endpoint that was given has to be taken as it is.
    pub fn s3control(&self) -> &aws_sdk_s3control::Client {
        self.s3control.get_or_init(|| {
            let config = aws_sdk_s3control::config::Builder::from(&self.place.config).interceptor(self.place.guard.clone());
            let config = config.identity_cache(self.place.paced()).retry_partition(retries(&self.place.payer));
            let config = match self.place.config.endpoint_url() {
                Some(url) => config.endpoint_resolver(AsGiven(url.to_owned())),
                None => config,
            };
            aws_sdk_s3control::Client::from_conf(config.build())
        })
    }

    /// Amazon S3. An endpoint that was given is asked by path: it can't have a host name for every bucket.
    pub fn s3(&self) -> &aws_sdk_s3::Client {
        self.s3.get_or_init(|| {
            let config = aws_sdk_s3::config::Builder::from(&self.place.config).interceptor(self.place.guard.clone());
            aws_sdk_s3::Client::from_conf(config.force_path_style(self.place.config.endpoint_url().is_some()).build())
        })
    }

    /// The same session, for what the lease of the run itself hangs on: its writes pass without one.
    pub fn without_lease(&self) -> Session {
        let access = Access { turn: Turn::default(), ..self.place.guard.access.clone() };
        let guard = Guard { access, ..self.place.guard.clone() };
        Session::new(Place { guard, ..self.place.clone() })
    }

    /// This moment, by both clocks.
    pub fn moment(&self) -> Moment {
        Moment::now(&self.place.guard.clock)
    }

    /// The same session, with its regional clients in another Region.
    pub fn elsewhere(&self, region: &Region) -> Session {
        let config = self.place.config.to_builder().region(aws_config::Region::new(region.as_str().to_owned())).build();
        Session::new(Place { region: region.clone(), config, ..self.place.clone() })
    }

    /// The same session, which knows what the files declare.
    pub fn declaring(&self, declared: Arc<Names>) -> Session {
        Session::new(Place { declared, ..self.place.clone() })
    }

    /// The same session for one read, in which listings that several need are sent once. Never for steps, which have to see what is there now.
    pub fn for_one_read(&self, wanted: Arc<Wanted>) -> Session {
        Session::new(Place { answers: Some(Arc::default()), wanted, ..self.place.clone() })
    }

    /// The same session, whose calls count as made for the organization: they are for all accounts at once.
    pub fn for_all(&self) -> Session {
        self.managing(&Account::Management, &self.place.management_id)
    }

    /// A session with these credentials, for what belongs to a member account and is managed from here.
    pub fn managing(&self, account: &Account, id: &RemoteId) -> Session {
        let guard = Guard { account: account.clone(), ..self.place.guard.clone() };
        Session::new(Place { account: account.clone(), account_id: id.clone(), guard, ..self.place.clone() })
    }

    /// The same session, with a way into the account that it manages something for.
    pub fn with_inside(&self, inside: Arc<Session>) -> Session {
        Session::new(Place { inside: Some(inside), ..self.place.clone() })
    }

    /// The session in the account itself, of one that manages something for it from outside. Opened by its first use.
    ///
    /// # Errors
    /// Those of `enter`.
    pub async fn inside(&self) -> Result<&Session, CallError> {
        let none = || CallError::refused("landfall:Session", format!("nothing leads into {} from here", self.place.account));
        let inside = self.place.inside.as_deref().ok_or_else(none)?;
        inside.enter().await?;
        Ok(inside)
    }

    /// What the sessions of the management account share under a name: an answer that holds for all accounts, the turn to act on it.
    pub fn shared(&self, what: &'static str) -> Slot {
        // A panic while holding the lock leaves nothing half done: it is held for one insert.
        self.place.shared.lock().unwrap_or_else(PoisonError::into_inner).entry(what).or_default().clone()
    }

    /// Waits until AWS has room for one more of these. There is room again as soon as what comes back is dropped; it is never none.
    pub async fn one_of(&self, what: &AtOnce) -> Option<tokio::sync::OwnedSemaphorePermit> {
        self.place.pace.one_of(what).await
    }

    /// What is asked alike by several kinds, or for several accounts: sent once in a read, and each time in any other session.
    ///
    /// # Errors
    /// Those of `ask`.
    pub fn once<T: Send + Sync + 'static>(
        &self,
        what: &'static str,
        ask: impl Future<Output = Result<T, CallError>> + Send,
    ) -> impl Future<Output = Result<Arc<T>, CallError>> + Send {
        // On the heap before anything waits for it: what is passed on by value is kept by each who passes it on, and calls are large.
        let ask = Box::pin(ask);
        async move {
            match &self.place.answers {
                Some(answers) => answers.get(what, &self.place.region, ask).await,
                None => ask.await.map(Arc::new),
            }
        }
    }

    /// Whether this is a read of everything, in which what is asked once serves several.
    pub fn reads_all(&self) -> bool {
        self.place.answers.is_some()
    }

    /// What the declared resource of a kind and name tells of itself; none where none is declared, and in steps.
    pub fn wanted(&self, address: &Address) -> Option<&str> {
        self.place.wanted.get(address).map(String::as_str)
    }

    /// The number of accounts in which resources of a kind are declared.
    pub fn accounts_with(&self, kind: &KindName) -> usize {
        self.place.declared.keys().filter(|(_, declared)| declared == kind).count()
    }

    /// Whether nothing is written through this session: then what was read once stays as good as it was.
    pub fn only_reads(&self) -> bool {
        !self.place.guard.access.writes
    }

    pub fn account(&self) -> &Account {
        &self.place.account
    }

    /// The account's twelve digits.
    pub fn account_id(&self) -> &RemoteId {
        &self.place.account_id
    }

    /// The twelve digits of the management account.
    pub fn management_id(&self) -> &RemoteId {
        &self.place.management_id
    }

    /// `aws`, `aws-cn` or `aws-us-gov`, as in ARNs.
    pub fn partition(&self) -> &str {
        &self.place.partition
    }

    /// The Region of the session's regional clients.
    pub fn region(&self) -> &Region {
        &self.place.region
    }

    pub fn directory(&self) -> &Directory {
        &self.place.directory
    }

    /// The services that are not AWS.
    pub fn outside(&self) -> &Outside {
        &self.place.outside
    }

    /// The names of a kind that the files declare in this account. Nothing more than a hint where to look: what is not declared may live.
    pub fn declared(&self, kind: &KindName) -> BTreeSet<Name> {
        self.place.declared.get(&(self.place.account.clone(), kind.clone())).cloned().unwrap_or_default()
    }

    /// The time by the clock of the connection.
    pub fn now(&self) -> SystemTime {
        self.place.guard.clock.now()
    }

    /// Proves that the account lets us in, before anything is asked of it.
    ///
    /// # Errors
    /// Those of `sts:AssumeRole`; `Denied` also while a new account's role is not in force yet.
    pub async fn enter(&self) -> Result<(), CallError> {
        match &self.place.role {
            Some(role) => role.credentials().await.map(drop),
            None => Ok(()),
        }
    }

    /// The id of a resource that a spec of this account names.
    ///
    /// # Errors
    /// `Missing` when nothing of that name has been seen or created.
    pub fn id_of(&self, reference: &Reference, region: Region) -> Result<RemoteId, CallError> {
        let account = reference.account.clone().unwrap_or_else(|| self.place.account.clone());
        let address = Address { account, region, kind: reference.kind.clone(), name: reference.name.clone() };
        let missing = || CallError::missing("landfall:Directory", format!("{reference} is not there"));
        self.place.directory.id(&address).ok_or_else(missing)
    }

    /// The name of a resource whose id AWS told, as a spec of this account writes it.
    pub fn reference(&self, kind: &KindName, id: &str) -> Option<Reference> {
        self.place.directory.reference(&self.place.account, kind, id)
    }
}
