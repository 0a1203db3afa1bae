//! The connection: one HTTP client, one clock, the caller's credentials, and a session for every account.

use super::credentials::{AssumedRole, Kept};
use super::guard::Guard;
use super::pace::{Pace, Paced, Payer, retries};
use super::session::Place;
use super::{CallError, Session};
use crate::model::{Access, Account, OnCall, Region, RemoteId, Turn};
use crate::outside::Outside;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_http_client::Builder as HttpClient;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::HttpClient as Http;
use aws_smithy_types::retry::RetryConfig;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// A read is tried this often. Reads are safe to repeat; writes are never repeated by the SDK (see `guard`).
const READ_ATTEMPTS: u32 = 6;
/// Long enough for a slow continent, short enough to notice a dead endpoint.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// AWS's slowest list calls stay well under this. Of the answer alone: an attempt's time-out would also count the wait for its turn.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// `sts:AssumeRole` takes session policies of at most 2,048 characters.
pub(crate) const SESSION_POLICY_LIMIT: usize = 2048;

/// What a connection is made from.
pub struct Options {
    /// The Region of regional calls, and of the signing of global ones.
    pub region: Region,
    /// The role to assume in member accounts.
    pub role: String,
    pub access: Access,
    pub on_call: OnCall,
}

/// The way into the organization. Made once a run.
pub struct Connection {
    config: SdkConfig,
    options: Options,
    clock: SharedTimeSource,
    outside: Arc<Outside>,
    pace: Arc<Pace>,
}

/// Who we are, by `sts:GetCallerIdentity`.
#[derive(Clone, Debug)]
pub struct Caller {
    pub account_id: RemoteId,
    pub arn: String,
    /// The unique id, which IAM policies know as `aws:userid`.
    pub user_id: String,
    pub partition: String,
}

impl Connection {
    /// Reads credentials and endpoint the way every AWS tool does: environment, profile, SSO, instance role. Sends nothing yet.
    pub async fn open(options: Options) -> Connection {
        let outside = Outside::new(&options.access, &options.on_call);
        Connection::load(options, outside, |loader| loader).await
    }

    /// A connection to an emulated AWS, which takes any credentials: for tests, which can't set their own environment.
    pub async fn emulated(options: Options, endpoint: &str) -> Connection {
        let anybody = Credentials::new("test", "test", None, None, "emulated");
        let outside = Outside::emulated(&options.access, &options.on_call, endpoint);
        Connection::load(options, outside, |loader| loader.endpoint_url(endpoint).credentials_provider(anybody)).await
    }

    /// A connection to a simulated AWS behind `http`, with a clock that follows tokio's: for tests in virtual time. Reads no environment.
    pub fn simulated(options: Options, http: impl Http + 'static, clock: SharedTimeSource) -> Connection {
        let anybody = Credentials::new("test", "test", None, None, "simulated");
        let outside = Outside::new(&options.access, &options.on_call);
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(aws_config::Region::new(options.region.as_str().to_owned()))
            .http_client(http)
            .time_source(clock.clone())
            .sleep_impl(aws_smithy_async::rt::sleep::SharedAsyncSleep::new(TokioSleep::new()))
            .credentials_provider(SharedCredentialsProvider::new(anybody))
            .retry_config(attempts())
            .timeout_config(timeouts());
        Connection { config: config.build(), options, clock, outside: Arc::new(outside), pace: Arc::default() }
    }

    async fn load(options: Options, outside: Outside, set: impl FnOnce(ConfigLoader) -> ConfigLoader) -> Connection {
        let clock = SharedTimeSource::default();
        let http = HttpClient::new().tls_provider(tls::Provider::Rustls(CryptoMode::Ring)).build_https();
        let loader = aws_config::defaults(BehaviorVersion::latest())
            .region(aws_config::Region::new(options.region.as_str().to_owned()))
            .http_client(http)
            .time_source(clock.clone())
            .retry_config(attempts())
            .timeout_config(timeouts());
        let config = Kept::by(set(loader).load().await, &clock);
        let pace = Arc::new(Pace::at(config.endpoint_url()));
        Connection { config, options, clock, outside: Arc::new(outside), pace }
    }

    /// The same connection with other services beside AWS: for tests.
    #[must_use]
    pub fn beside(mut self, outside: Outside) -> Connection {
        self.outside = Arc::new(outside);
        self
    }

    /// Whether it still is this run's turn to write.
    pub fn turn(&self) -> &Turn {
        &self.options.access.turn
    }

    /// A client of the caller's own, whose calls count as made for `account`.
    fn sts(&self, account: &Account) -> aws_sdk_sts::Client {
        let guard = guard(&self.options, account.clone(), &self.clock);
        let payer = Payer { account: Account::Management, region: self.options.region.clone() };
        let config = aws_sdk_sts::config::Builder::from(&self.config).interceptor(guard);
        let config = config.retry_partition(retries(&payer.account)).identity_cache(Paced { pace: self.pace.clone(), payer });
        aws_sdk_sts::Client::from_conf(config.build())
    }

    /// Who we are.
    ///
    /// # Errors
    /// Those of `sts:GetCallerIdentity`, and missing credentials.
    pub async fn caller(&self) -> Result<Caller, CallError> {
        let answer = self.sts(&Account::Management).get_caller_identity().send().await?;
        let arn = answer.arn().unwrap_or_default().to_owned();
        let partition = arn.split(':').nth(1).unwrap_or("aws").to_owned();
        let user_id = answer.user_id().unwrap_or_default().to_owned();
        Ok(Caller { account_id: answer.account().unwrap_or_default().into(), arn, user_id, partition })
    }

    /// A session in the management account, with the caller's own credentials.
    pub fn management(&self, caller: &Caller) -> Session {
        Session::new(self.place(caller, Account::Management, &caller.account_id, self.config.clone(), None))
    }

    /// A session in a member account. Nothing is sent before its first use.
    pub fn member(&self, caller: &Caller, account: &Account, id: &RemoteId) -> Session {
        let reads_alone = !self.options.access.writes;
        self.inside(caller, account, id, reads_alone.then(|| self.reading()).flatten())
    }

    /// A session in a member account that is only looked at, also by a run that writes elsewhere.
    pub fn visitor(&self, caller: &Caller, account: &Account, id: &RemoteId) -> Session {
        self.inside(caller, account, id, self.reading())
    }

    /// The role by which a member account is entered, as policies name it.
    pub fn role_in(&self, caller: &Caller, id: &RemoteId) -> String {
        format!("arn:{}:iam::{id}:role/{}", caller.partition, self.options.role)
    }

    fn inside(&self, caller: &Caller, account: &Account, id: &RemoteId, policy: Option<String>) -> Session {
        let role = AssumedRole {
            sts: self.sts(account),
            arn: self.role_in(caller, id),
            session_name: "landfall".to_owned(),
            policy,
            clock: self.clock.clone(),
            current: Arc::new(Mutex::new(None)),
        };
        let provider = SharedCredentialsProvider::new(role.clone());
        let config = self.config.to_builder().credentials_provider(provider).build();
        Session::new(self.place(caller, account.clone(), id, config, Some(role)))
    }

    fn place(&self, caller: &Caller, account: Account, id: &RemoteId, config: SdkConfig, role: Option<AssumedRole>) -> Place {
        Place {
            guard: guard(&self.options, account.clone(), &self.clock),
            payer: account.clone(),
            pace: self.pace.clone(),
            account,
            account_id: id.clone(),
            management_id: caller.account_id.clone(),
            partition: caller.partition.clone(),
            region: self.options.region.clone(),
            config,
            role,
            directory: Arc::default(),
            outside: self.outside.clone(),
            declared: Arc::default(),
            wanted: Arc::default(),
            answers: None,
            shared: Arc::default(),
            inside: None,
        }
    }

    /// The session policy of who may only read: AWS itself then refuses writes, whatever the role allows.
    fn reading(&self) -> Option<String> {
        Some(read_policy(&self.options.access.inside)).filter(|text| text.len() <= SESSION_POLICY_LIMIT)
    }
}

/// The policy that allows these operations on everything. Where their list is too long, reads of one service and verb are allowed
/// together: the policy is the second lock, and the guard of each client knows the exact list.
pub(crate) fn read_policy(reads: &BTreeSet<String>) -> String {
    let exact = policy(reads);
    if exact.len() <= SESSION_POLICY_LIMIT { exact } else { policy(&reads.iter().map(|read| widened(read)).collect()) }
}

/// Services with reads that tell more than what there is: values of parameters, code, secrets.
const TELLING: [&str; 3] = ["ssm", "secretsmanager", "lambda"];

fn widened(read: &str) -> String {
    let verb = |name: &str| ["Describe", "List", "Get"].into_iter().find(|verb| name.starts_with(verb));
    match read.split_once(':') {
        Some((service, name)) if !TELLING.contains(&service) => {
            verb(name).map_or_else(|| read.to_owned(), |verb| format!("{service}:{verb}*"))
        }
        _ => read.to_owned(),
    }
}

fn policy(actions: &BTreeSet<String>) -> String {
    let policy = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": "*" }],
    });
    policy.to_string()
}

fn attempts() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(READ_ATTEMPTS)
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(ANSWER_TIMEOUT).build()
}

fn guard(options: &Options, account: Account, clock: &SharedTimeSource) -> Guard {
    Guard { account, access: options.access.clone(), on_call: options.on_call.clone(), clock: clock.clone() }
}
