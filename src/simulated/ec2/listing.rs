//! What all sorts of EC2's resources have in common: how they are found by id, listed, filtered, shown by pages, and which tags they bear.

use super::{All, Ec2, Tags};
use crate::simulated::At;
use crate::simulated::wire::{Answer, Asked, Fault, element, fault, set, xml};

/// How AWS names one sort of resource.
pub(super) struct Sort {
    /// What ids begin with, and a dash.
    pub prefix: &'static str,
    /// As tags name it.
    pub kind: &'static str,
    /// The element that lists them.
    pub set: &'static str,
    /// The element of an id.
    pub id: &'static str,
    /// The parameter that names ids.
    pub ids: &'static str,
    /// What AWS answers where there is none of an id.
    pub missing: &'static str,
    /// The most that AWS lists in a page.
    pub page: usize,
}

/// The most that EC2 lists in a page, of most sorts.
pub(super) const PAGE: usize = 1000;
/// The least that it takes for a page.
const LEAST: usize = 5;

/// A resource of EC2.
pub(super) trait Resource {
    const SORT: Sort;

    /// Its elements, but for its id and its tags.
    fn show(&self, id: &str, at: &At<'_>, ec2: &Ec2) -> String;

    /// What it has of what a filter asks for; none where AWS has no such filter.
    fn values(&self, filter: &str, at: &At<'_>) -> Option<Vec<String>>;

    fn tags(&self) -> &Tags;

    fn tags_mut(&mut self) -> &mut Tags;
}

/// What there is, or AWS's word that there is none.
pub(super) fn found<T>(one: Option<T>, missing: &str, id: &str) -> Result<T, Fault> {
    one.map_or_else(|| fault(missing, format!("The ID '{id}' does not exist")), Ok)
}

impl Ec2 {
    /// All that a request asks for, page by page.
    pub(super) fn list<T: Resource>(&self, all: &All<T>, at: &At<'_>, asked: &Asked) -> Answer {
        let ids = asked.list(T::SORT.ids);
        for id in &ids {
            super::get(all, id)?;
        }
        let mut chosen = Vec::new();
        for (id, one) in all.iter().filter(|(id, _)| ids.is_empty() || ids.contains(id)) {
            if passes(id, one, at, asked)? {
                chosen.push((id, one));
            }
        }
        let size = page_size(asked, T::SORT.page, !ids.is_empty())?;
        let after = asked.text("NextToken");
        chosen.retain(|(id, _)| **id > after);
        let next = chosen.get(size).and(chosen.get(size - 1)).map(|(id, _)| element("nextToken", id)).unwrap_or_default();
        chosen.truncate(size);
        let items = chosen.into_iter().map(|(id, one)| self.item(id, one, at));
        xml(set(T::SORT.set, "item", items) + &next)
    }

    /// One resource, whole.
    pub(super) fn item<T: Resource>(&self, id: &str, one: &T, at: &At<'_>) -> String {
        let tags = one.tags().iter().map(|(key, value)| element("key", key) + &element("value", value));
        element(T::SORT.id, id) + &one.show(id, at, self) + &set("tagSet", "item", tags)
    }

    /// The answer to a creating call.
    pub(super) fn made<T: Resource>(&self, name: &str, all: &All<T>, id: &str, at: &At<'_>) -> Answer {
        let item = self.item(id, super::get(all, id)?, at);
        xml(format!("<{name}>{item}</{name}>"))
    }
}

fn page_size(asked: &Asked, most: usize, by_ids: bool) -> Result<usize, Fault> {
    let Some(size) = asked.some("MaxResults") else { return Ok(most) };
    if by_ids {
        return fault("InvalidParameterCombination", "The parameter MaxResults cannot be used with ids");
    }
    let size = size.parse().ok().filter(|size| (LEAST..=most).contains(size));
    size.map_or_else(|| fault("InvalidParameterValue", format!("MaxResults has to be from {LEAST} to {most}")), Ok)
}

/// Whether it passes all filters of a request.
fn passes<T: Resource>(id: &str, one: &T, at: &At<'_>, asked: &Asked) -> Result<bool, Fault> {
    for number in 1..=asked.count("Filter") {
        let (name, wanted) = (asked.text(&format!("Filter.{number}.Name")), asked.list(&format!("Filter.{number}.Value")));
        let values = match name.strip_prefix("tag:") {
            Some(key) => Some(one.tags().get(key).cloned().into_iter().collect()),
            None if name == "tag-key" => Some(one.tags().keys().cloned().collect()),
            None if name == dashed(T::SORT.id) => Some(vec![id.to_owned()]),
            None => one.values(&name, at),
        };
        let Some(values) = values else { return fault("InvalidParameterValue", format!("The filter '{name}' is invalid")) };
        if !values.iter().any(|value| wanted.contains(value)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// `vpcId` is `vpc-id` among filters.
fn dashed(name: &str) -> String {
    let letter = |letter: char| if letter.is_ascii_uppercase() { format!("-{}", letter.to_ascii_lowercase()) } else { letter.to_string() };
    name.chars().map(letter).collect()
}

/// The two methods that all sorts have alike.
macro_rules! tagged {
    () => {
        fn tags(&self) -> &$crate::simulated::ec2::Tags {
            &self.tags
        }

        fn tags_mut(&mut self) -> &mut $crate::simulated::ec2::Tags {
            &mut self.tags
        }
    };
}
pub(super) use tagged;
