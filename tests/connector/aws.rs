//! The simulated AWS behind the SDK's HTTP connector: latency from a seed, signatures and sessions that age, buckets of tokens, and the
//! services behind them. All in tokio's time. Strict where AWS is; knows nothing of Landfall but its table of limits.

use super::account::{Identities, Parameters};
use super::network::Network;
use super::organization::{MANAGEMENT, Organization};
use super::wire::{Answer, Asked, Fault, element, fault, xml};
use aws_smithy_async::time::TimeSource;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use landfall::model::limits::{Scope, limit};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::Notify;
use tokio::time::Instant;

/// How old a signature may be.
const SIGNATURE: Duration = Duration::from_secs(300);
/// How long an assumed role lasts, when one role assumed another.
const SESSION: Duration = Duration::from_secs(3600);
/// The time from sending a request to having its answer, from and to.
pub const LATENCY: (u64, u64) = (50, 200);
/// How long a new account takes, from and to.
pub const CREATION: (u64, u64) = (75, 105);
/// When the simulation begins, in seconds since 1970.
const EPOCH: u64 = 1_795_000_000;

/// The simulated AWS. Cloning shares it.
#[derive(Clone)]
pub struct Aws {
    world: Arc<Mutex<World>>,
    start: Instant,
    killed: Arc<Notify>,
}

pub struct World {
    seed: u64,
    pub organization: Organization,
    pub networks: BTreeMap<(String, String), Network>,
    pub identities: BTreeMap<String, Identities>,
    pub parameters: BTreeMap<(String, String), Parameters>,
    buckets: BTreeMap<(String, String), Bucket>,
    /// When each session ends, by its key.
    sessions: BTreeMap<String, (String, Instant)>,
    /// How often each call was made.
    pub calls: BTreeMap<String, usize>,
    /// The calls that came too soon.
    pub throttled: Vec<String>,
    /// Whatever else was refused, and how often.
    pub refused: BTreeMap<String, usize>,
    /// How much faster than AWS says it throttles: 1 for AWS as documented.
    pub strictness: f64,
    /// What happens to one call, counted from the last `forget`.
    pub mishap: Option<(usize, Mishap)>,
}

/// What can happen to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// Whoever calls is killed before the call arrives: it never does, and nothing is answered.
    KilledBefore,
    /// Whoever calls is killed when it has been carried out, and before the answer.
    KilledAfter,
    /// It is carried out, and the answer gets lost.
    AnswerLost,
}

struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Aws {
    pub fn new(seed: u64) -> Aws {
        let world = World {
            seed,
            organization: Organization::default(),
            networks: BTreeMap::new(),
            identities: BTreeMap::new(),
            parameters: BTreeMap::new(),
            buckets: BTreeMap::new(),
            sessions: BTreeMap::new(),
            calls: BTreeMap::new(),
            throttled: Vec::new(),
            refused: BTreeMap::new(),
            strictness: 1.0,
            mishap: None,
        };
        Aws { world: Arc::new(Mutex::new(world)), start: Instant::now(), killed: Arc::default() }
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins counting anew.
    pub fn forget(&self) {
        let mut world = self.world();
        world.calls.clear();
        world.throttled.clear();
        world.refused.clear();
    }

    /// What the SDK sends its requests through.
    pub fn client(&self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(self.clone());
        http_client_fn(move |_, _| connector.clone())
    }

    /// Counts a call, and says what happens to it.
    fn mishap(&self) -> Option<Mishap> {
        let mut world = self.world();
        let (left, mishap) = world.mishap?;
        world.mishap = left.checked_sub(1).map(|left| (left, mishap));
        let struck = left == 0;
        if struck && mishap != Mishap::AnswerLost {
            self.killed.notify_one();
        }
        struck.then_some(mishap)
    }

    /// Waits until a mishap kills whoever is calling.
    pub async fn killed(&self) {
        self.killed.notified().await;
    }

    /// What there is, counted by what it is; and what bears a mark that something else bears, too.
    pub fn census(&self) -> (BTreeMap<String, usize>, Vec<String>) {
        let world = self.world();
        let (mut counts, mut twice) = (BTreeMap::new(), Vec::new());
        counts.insert("accounts".to_owned(), world.organization.accounts.len());
        for ((account, region), network) in &world.networks {
            network.census(&format!("{account} {region}"), &mut counts, &mut twice);
        }
        for (account, identities) in &world.identities {
            counts.insert(format!("{account} identities"), identities.count());
        }
        for ((account, _), parameters) in &world.parameters {
            counts.insert(format!("{account} parameters"), parameters.count());
        }
        (counts, twice)
    }

    fn random(&self, (from, to): (u64, u64)) -> u64 {
        let mut world = self.world();
        world.seed = world.seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        // splitmix64
        let mixed = (world.seed ^ (world.seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        from + (mixed ^ (mixed >> 31)) % (to - from + 1)
    }
}

impl std::fmt::Debug for Aws {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the simulated AWS")
    }
}

impl TimeSource for Aws {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(EPOCH) + self.start.elapsed()
    }
}

impl HttpConnector for Aws {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let aws = self.clone();
        HttpConnectorFuture::new(async move {
            let (there, back) = (aws.random((LATENCY.0 / 2, LATENCY.1 / 2)), aws.random((LATENCY.0 / 2, LATENCY.1 / 2)));
            tokio::time::sleep(Duration::from_millis(there)).await;
            let creation = Duration::from_secs(aws.random(CREATION));
            let asked = Asked::of(&request);
            let mishap = aws.mishap();
            if mishap == Some(Mishap::KilledBefore) {
                return std::future::pending().await;
            }
            let answer = aws.world().answer(&asked, aws.now(), creation);
            match mishap {
                Some(Mishap::AnswerLost) => return Err(ConnectorError::io("the connection was reset".into())),
                Some(_) => return std::future::pending().await,
                None => {}
            }
            tokio::time::sleep(Duration::from_millis(back)).await;
            Ok(asked.respond(answer))
        })
    }
}

impl World {
    fn answer(&mut self, asked: &Asked, now: SystemTime, creation: Duration) -> Answer {
        let action = asked.action();
        *self.calls.entry(action.clone()).or_default() += 1;
        let answer = self.admit(asked, now).and_then(|account| self.dispatch(&account, asked, now, creation));
        if let Err(Fault { code, .. }) = &answer {
            if ["RequestLimitExceeded", "ThrottlingException", "Throttling", "TooManyRequestsException"].contains(&code.as_str()) {
                self.throttled.push(action);
            } else {
                *self.refused.entry(format!("{action} {code}")).or_default() += 1;
            }
        }
        answer
    }

    /// The account of the key that signed, if the signature holds and there is a token for the call.
    fn admit(&mut self, asked: &Asked, now: SystemTime) -> Result<String, Fault> {
        let signed = asked.signed.clone();
        let (date, time) = signed.split_once('T').unwrap_or_default();
        let (date, time) = (date.as_bytes(), time.as_bytes());
        let part = |of: &[u8], from: usize, to: usize| String::from_utf8_lossy(of.get(from..to).unwrap_or_default()).into_owned();
        let text = format!(
            "{}-{}-{}T{}:{}:{}Z",
            part(date, 0, 4),
            part(date, 4, 6),
            part(date, 6, 8),
            part(time, 0, 2),
            part(time, 2, 4),
            part(time, 4, 6)
        );
        let signed: SystemTime =
            DateTime::from_str(&text, Format::DateTime).ok().and_then(|at| at.try_into().ok()).unwrap_or(SystemTime::UNIX_EPOCH);
        if now.duration_since(signed).unwrap_or_default() > SIGNATURE {
            return fault("RequestExpired", "Request has expired");
        }
        let account = match self.sessions.get(&asked.key) {
            None if asked.key == "test" => MANAGEMENT.to_owned(),
            Some((account, end)) if Instant::now() < *end => account.clone(),
            Some(_) => return fault("ExpiredTokenException", "The security token included in the request is expired"),
            None => return fault("InvalidClientTokenId", "The security token included in the request is invalid"),
        };
        self.take(&account, asked)?;
        Ok(account)
    }

    fn take(&mut self, account: &str, asked: &Asked) -> Result<(), Fault> {
        let action = asked.action();
        let limit = limit(&action);
        let whose = match limit.scope {
            Scope::Organization => String::new(),
            Scope::Account => account.to_owned(),
            Scope::Region => format!("{account} {}", asked.region),
        };
        let now = Instant::now();
        let (capacity, rate) = ((limit.capacity / self.strictness).max(1.0), limit.per_second / self.strictness);
        let full = || Bucket { tokens: capacity, at: now };
        let bucket = self.buckets.entry((limit.bucket(&action).to_owned(), whose)).or_insert_with(full);
        let passed = (now - bucket.at).as_secs_f64();
        bucket.tokens = (bucket.tokens + passed * rate).min(capacity);
        bucket.at = now;
        // Sums of fractions; AWS would not see a millionth of a token either.
        if bucket.tokens < 1.0 - 1e-6 {
            let code = if asked.service == "ec2" { "RequestLimitExceeded" } else { "ThrottlingException" };
            return fault(if asked.service == "iam" || asked.service == "sts" { "Throttling" } else { code }, "Rate exceeded");
        }
        bucket.tokens -= 1.0;
        Ok(())
    }

    fn dispatch(&mut self, account: &str, asked: &Asked, now: SystemTime, creation: Duration) -> Answer {
        let place = (account.to_owned(), asked.region.clone());
        match asked.service.as_str() {
            "sts" => self.sts(account, asked, now),
            "organizations" if account == MANAGEMENT => self.organization.answer(asked, creation),
            "ec2" => self.networks.entry(place).or_default().answer(asked),
            "iam" => self.identities.entry(account.to_owned()).or_default().answer(account, asked),
            "ssm" => self.parameters.entry(place).or_default().answer(asked),
            other => fault("AccessDeniedException", format!("{account} may not call {other}")),
        }
    }

    fn sts(&mut self, account: &str, asked: &Asked, now: SystemTime) -> Answer {
        if asked.operation == "GetCallerIdentity" {
            return xml(element("Account", account)
                + &element("Arn", &format!("arn:aws:iam::{account}:user/landfall"))
                + "<UserId>AIDA</UserId>");
        }
        let target = asked.text("RoleArn").split(':').nth(4).unwrap_or_default().to_owned();
        if self.organization.accounts.get(&target).is_none_or(|member| Instant::now() < member.enters) {
            return fault("AccessDenied", format!("not authorized to assume a role of {target}"));
        }
        let key = format!("ASIA{target}{:08}", self.sessions.len());
        self.sessions.insert(key.clone(), (target, Instant::now() + SESSION));
        let end = DateTime::from(now + SESSION).fmt(Format::DateTime).unwrap();
        let secrets = element("SecretAccessKey", "secret") + &element("SessionToken", "token");
        xml(format!("<Credentials>{}{secrets}{}</Credentials>", element("AccessKeyId", &key), element("Expiration", &end)))
    }
}
