//! The simulated AWS behind the SDK's HTTP connector: latency from a seed, and mishaps on the way. All in tokio's time.

use super::census;
use aws_smithy_async::time::TimeSource;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use landfall::simulated::wire::{Reply, Request};
use landfall::simulated::{Moment, Seen, World};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::Notify;
use tokio::time::Instant;

/// The time from sending a request to having its answer in milliseconds, from and to.
pub const LATENCY: (u64, u64) = (50, 200);
/// When the simulation begins, in seconds since 1970.
const EPOCH: u64 = 1_795_000_000;

/// The simulated AWS. Cloning shares it.
#[derive(Clone)]
pub struct Aws {
    world: Arc<Mutex<World>>,
    start: Instant,
    /// What happens to one call, and after how many others.
    mishap: Arc<Mutex<Option<(usize, Mishap)>>>,
    killed: Arc<Notify>,
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

impl Aws {
    pub fn new(seed: u64) -> Aws {
        Aws { world: Arc::new(Mutex::new(World::new(seed))), start: Instant::now(), mishap: Arc::default(), killed: Arc::default() }
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins counting anew.
    pub fn forget(&self) {
        self.world().seen = Seen::default();
    }

    /// What the SDK sends its requests through.
    pub fn client(&self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(self.clone());
        http_client_fn(move |_, _| connector.clone())
    }

    /// Has something happen to a call after so many others, or nothing any more.
    pub fn strike(&self, mishap: Option<(usize, Mishap)>) {
        *self.mishap.lock().unwrap() = mishap;
    }

    /// Counts a call, and says what happens to it.
    fn mishap(&self) -> Option<Mishap> {
        let mut next = self.mishap.lock().unwrap();
        let (left, mishap) = (*next)?;
        *next = left.checked_sub(1).map(|left| (left, mishap));
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
        census::of(&self.world())
    }

    fn moment(&self) -> Moment {
        Moment::from_secs(EPOCH) + self.start.elapsed()
    }
}

impl std::fmt::Debug for Aws {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the simulated AWS")
    }
}

impl TimeSource for Aws {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.moment()
    }
}

impl HttpConnector for Aws {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let aws = self.clone();
        HttpConnectorFuture::new(async move {
            let half = (LATENCY.0 / 2, LATENCY.1 / 2);
            let there = aws.world().random(half);
            let back = aws.world().random(half);
            tokio::time::sleep(Duration::from_millis(there)).await;
            let mishap = aws.mishap();
            if mishap == Some(Mishap::KilledBefore) {
                return std::future::pending().await;
            }
            let now = aws.moment();
            let reply = aws.world().reply(&asked(&request), now);
            match mishap {
                Some(Mishap::AnswerLost) => return Err(ConnectorError::io("the connection was reset".into())),
                Some(_) => return std::future::pending().await,
                None => {}
            }
            tokio::time::sleep(Duration::from_millis(back)).await;
            Ok(answered(reply))
        })
    }
}

/// The SDK's request, as the simulated AWS takes it.
pub fn asked(request: &HttpRequest) -> Request {
    let address = request.uri().split_once("://").map_or("", |(_, address)| address);
    let host = address.split(['/', '?']).next().unwrap_or_default();
    let headers = request.headers().iter().map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
    let headers = headers.chain([("host".to_owned(), host.to_owned())]);
    Request {
        method: request.method().to_owned(),
        target: address.find(['/', '?']).map_or("/", |at| &address[at..]).to_owned(),
        headers: headers.collect(),
        body: request.body().bytes().unwrap_or_default().to_vec(),
    }
}

pub fn answered(reply: Reply) -> HttpResponse {
    let mut response = HttpResponse::new(reply.status.try_into().unwrap(), SdkBody::from(reply.body));
    for (name, value) in reply.headers {
        response.headers_mut().insert(name, value);
    }
    response
}
