//! Answers that hold for the length of one read: what two kinds ask alike, or one kind in every account, is sent once.
//! Steps of an apply never see one: their sessions have no such memory.

use crate::model::{CallError, Region};
use std::any::Any;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

/// What was answered, by what was asked and in which Region.
#[derive(Default)]
pub(super) struct Answers(Mutex<BTreeMap<(&'static str, Region), Slot>>);

/// Whoever has it locked is the one to ask; the others wait for the answer.
type Slot = Arc<tokio::sync::Mutex<Option<Arc<dyn Any + Send + Sync>>>>;

type Answer<T> = Result<Arc<T>, CallError>;

impl Answers {
    /// The answer, asked for by the first who wants it. A refusal is an answer too: asking again would be refused again, once an account.
    pub async fn get<T: Send + Sync + 'static>(
        &self,
        what: &'static str,
        region: &Region,
        ask: impl Future<Output = Result<T, CallError>>,
    ) -> Answer<T> {
        let slot = self.slot(what, region);
        let mut known = slot.lock().await;
        let before = known.clone().and_then(|known| known.downcast::<Answer<T>>().ok());
        if let Some(before) = before {
            return Answer::clone(&before);
        }
        let answer = ask.await.map(Arc::new);
        *known = Some(Arc::new(answer.clone()));
        answer
    }

    fn slot(&self, what: &'static str, region: &Region) -> Slot {
        // A panic while holding the lock leaves nothing half done: it is held for one insert.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry((what, region.clone())).or_default().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_is_asked_for_once_in_each_region() {
        let (answers, here, there) = (Answers::default(), Region::GLOBAL, "us-west-2".parse().unwrap());
        let asked = Mutex::new(0);
        let ask = async || {
            *asked.lock().unwrap() += 1;
            Ok::<_, CallError>(*asked.lock().unwrap())
        };
        for (region, expected) in [(&here, 1), (&here, 1), (&there, 2), (&here, 1)] {
            assert_eq!(*answers.get("all", region, ask()).await.unwrap(), expected);
        }
    }

    #[tokio::test]
    async fn a_refusal_is_asked_for_once_too() {
        let answers = Answers::default();
        let refused = |why: &str| CallError::refused("iam:List", why);
        let answer = answers.get::<u8>("all", &Region::GLOBAL, async { Err(refused("first")) }).await;
        let again = answers.get::<u8>("all", &Region::GLOBAL, async { Err(refused("second")) }).await;
        assert_eq!((answer, again), (Err(refused("first")), Err(refused("first"))));
    }
}
