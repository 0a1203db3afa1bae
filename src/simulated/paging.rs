//! Pages of long listings. A token says how many came before: to whoever asks, it is a text like any other.

use super::wire::{Answer, Asked, fault, json};
use serde_json::{Map, Value};

/// How a service that speaks JSON pages: what it calls the token and the size, and how many there are on a page at most.
#[derive(Debug)]
pub(super) struct Pages {
    pub token: &'static str,
    pub size: &'static str,
    pub most: usize,
}

impl Pages {
    /// The page that is asked for, under the name that the service gives the list.
    pub fn of(&self, asked: &Asked, name: &str, all: impl IntoIterator<Item = Value>) -> Answer {
        let token = asked.text(self.token);
        if !token.is_empty() && token.parse::<usize>().is_err() {
            return fault("ValidationException", "the token is none that was given out");
        }
        let (page, next) = page(all, &token, size(asked, self.size, self.most, self.most));
        let mut answer = Map::from_iter([(name.to_owned(), page.into())]);
        answer.extend(next.map(|next| (self.token.to_owned(), next.into())));
        json(answer.into())
    }
}

/// The page after a token, and the token of the next one, if there is more.
pub(super) fn page<T>(all: impl IntoIterator<Item = T>, token: &str, most: usize) -> (Vec<T>, Option<String>) {
    let start: usize = token.parse().unwrap_or_default();
    let mut rest = all.into_iter().skip(start);
    let page: Vec<T> = rest.by_ref().take(most).collect();
    let next = rest.next().map(|_| start.saturating_add(page.len()).to_string());
    (page, next)
}

/// How many a request wants in a page: as many as it says, up to the most that AWS gives, or else AWS's default.
pub(super) fn size(asked: &Asked, parameter: &str, default: usize, most: usize) -> usize {
    let of_json = asked.json[parameter].as_u64().and_then(|size| usize::try_from(size).ok());
    let size = of_json.or_else(|| asked.text(parameter).parse().ok()).unwrap_or(default);
    size.clamp(1, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_one_another_until_there_is_no_more() {
        assert_eq!(page(0..5, "", 2), (vec![0, 1], Some("2".to_owned())));
        assert_eq!(page(0..5, "2", 3), (vec![2, 3, 4], None));
        assert_eq!(page(0..5, &usize::MAX.to_string(), 3), (vec![], None));
        assert_eq!(page(0..1, "odd", 3), (vec![0], None));
    }

    #[test]
    fn a_long_listing_goes_on_where_it_ended() {
        use crate::simulated::asking::Asking;
        use serde_json::json;
        let mut asking = Asking::new();
        let instance = asking.told("sso", "ListInstances", &json!({}))["Instances"][0]["InstanceArn"].clone();
        for number in 0..103 {
            asking.told("sso", "CreatePermissionSet", &json!({ "InstanceArn": instance, "Name": format!("set-{number}") }));
        }
        let mut list = |token: Value, size: Value| {
            asking.ask("sso", "ListPermissionSets", &json!({ "InstanceArn": instance, "NextToken": token, "MaxResults": size }))
        };
        let count = |page: &Value| page["PermissionSets"].as_array().unwrap().len();
        let first = list(Value::Null, Value::Null).unwrap();
        let last = list(first["NextToken"].clone(), Value::Null).unwrap();
        assert_eq!((count(&first), count(&last), &last["NextToken"]), (100, 3, &Value::Null));
        let some = list(first["NextToken"].clone(), json!(2)).unwrap();
        assert_eq!((count(&some), some["NextToken"].as_str()), (2, Some("102")));
        assert_eq!(list(json!("x"), Value::Null), Err("ValidationException".to_owned()));
    }
}
