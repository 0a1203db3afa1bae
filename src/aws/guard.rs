//! The guard on every client: refuses what the session may not do, never repeats a write, and tells of each call: whoever asks, and the
//! bucket that the call took from.

use super::pace::{Ticket, operation};
use crate::model::{Access, Account, Call, OnCall};
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextMut, BeforeTransmitInterceptorContextRef,
    FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use aws_smithy_types::retry::RetryConfig;
use std::fmt;
use std::time::{Duration, SystemTime};

/// The interceptor that a session puts on each of its clients.
#[derive(Clone)]
pub(super) struct Guard {
    pub account: Account,
    pub access: Access,
    pub on_call: OnCall,
    pub clock: SharedTimeSource,
}

/// The error that a refused write carries through the SDK: what was to be called, and why it was not.
#[derive(Debug)]
struct Refusal(String, String);

#[derive(Debug, Clone)]
struct Attempt(u32, SystemTime);

impl Storable for Attempt {
    type Storer = StoreReplace<Attempt>;
}

#[dyn_dispatch_hint]
impl Intercept for Guard {
    fn name(&self) -> &'static str {
        "landfall"
    }

    // Before serialization: a refused write never even becomes a request.
    fn read_before_serialization(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        state: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = operation(state);
        let reads = self.access.reads.contains(&operation);
        if !reads && !self.access.writes {
            return Err(Box::new(Refusal(operation, "this session may only read".to_owned())));
        }
        if !reads {
            // A write whose answer got lost may have happened. The SDK would send it again blindly; we look first.
            state.interceptor_state().store_put(RetryConfig::disabled());
        }
        Ok(())
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        state: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // A new one for each attempt: one token each.
        state.interceptor_state().store_put(Ticket::default());
        Ok(())
    }

    fn modify_before_transmit(
        &self,
        _: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        state: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = operation(state);
        self.access.allows(&operation).map_err(|why| Refusal(operation, why))?;
        let earlier = state.load::<Attempt>().map_or(0, |attempt| attempt.0);
        state.interceptor_state().store_put(Attempt(earlier + 1, self.clock.now()));
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        state: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let turn = state.load::<Ticket>().and_then(Ticket::turn);
        if let (Some(turn), Some(answer)) = (&turn, context.response()) {
            turn.answered(super::error::is_throttled(answer));
        }
        let Some(Attempt(attempt, start)) = state.load::<Attempt>().cloned() else { return Ok(()) };
        let took = self.clock.now().duration_since(start).unwrap_or_default();
        let status = context.response().map(|answer| answer.status().as_u16());
        let request = context.response().and_then(super::error::request_id);
        let waited = turn.map_or(Duration::ZERO, |turn| turn.waited);
        (self.on_call)(&Call { account: &self.account, operation: &operation(state), attempt, took, waited, status, request });
        Ok(())
    }
}

/// Whether an SDK error is at bottom our own refusal.
pub(super) fn is_refusal(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(inner) = cause {
        if inner.is::<Refusal>() {
            return true;
        }
        cause = inner.source();
    }
    false
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Guard({})", self.account)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "landfall refused to call {}: {}", self.0, self.1)
    }
}

impl std::error::Error for Refusal {}
