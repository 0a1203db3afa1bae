//! Listings in JSON: one page of them, and the token of the next. Knows nothing of what is listed.

use super::wire::{Answer, Asked, fault, json};
use serde_json::{Map, Value};

/// How a service pages: what it calls the token and the size, and how many there are on a page at most.
#[derive(Debug)]
pub(super) struct Pages {
    pub token: &'static str,
    pub size: &'static str,
    pub most: usize,
}

impl Pages {
    /// The page that is asked for, under the name that the service gives the list.
    pub fn of(&self, asked: &Asked, name: &str, all: impl IntoIterator<Item = Value>) -> Answer {
        let Some(start) = asked.some(self.token).map_or(Some(0), |token| token.parse::<usize>().ok()) else {
            return fault("ValidationException", "the token is none that was given out");
        };
        let size = asked.json[self.size].as_u64().and_then(|size| usize::try_from(size).ok()).filter(|size| *size > 0);
        let size = size.unwrap_or(self.most).min(self.most);
        let mut rest = all.into_iter().skip(start);
        let page: Vec<Value> = rest.by_ref().take(size).collect();
        let mut answer = Map::from_iter([(name.to_owned(), page.into())]);
        if rest.next().is_some() {
            answer.insert(self.token.to_owned(), (start + size).to_string().into());
        }
        json(answer.into())
    }
}
