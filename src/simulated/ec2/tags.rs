//! Tags of EC2's resources, whatever sort they are of.

use super::listing::{Resource, Sort};
use super::{Ec2, Tags, done, unknown};
use crate::simulated::wire::{Answer, Asked, Fault, element, fault, set, xml};

/// Of a resource, and of their parts (EC2 user guide, *Tag restrictions*).
const MOST: usize = 50;
const KEY: usize = 128;
const VALUE: usize = 256;

/// The tags that a creating call brings for what it makes.
pub(super) fn given(asked: &Asked, sort: &Sort) -> Result<Tags, Fault> {
    let mut all = Tags::new();
    for number in 1..=asked.count("TagSpecification") {
        let of = asked.text(&format!("TagSpecification.{number}.ResourceType"));
        if of != sort.kind {
            return fault("InvalidParameterValue", format!("'{of}' is not a valid taggable resource type for this operation."));
        }
        all.extend(asked.tags(&format!("TagSpecification.{number}.Tag")));
    }
    checked(&all)?;
    Ok(all)
}

fn checked(tags: &Tags) -> Result<(), Fault> {
    if tags.len() > MOST {
        return fault("TagLimitExceeded", format!("a resource has at most {MOST} tags"));
    }
    let is_wrong = |(key, value): (&String, &String)| {
        key.is_empty() || key.starts_with("aws:") || key.chars().count() > KEY || value.chars().count() > VALUE
    };
    match tags.iter().any(is_wrong) {
        true => fault("InvalidParameterValue", "Tag keys are of 1 to 128 signs, values of at most 256, and 'aws:' is AWS's own"),
        false => Ok(()),
    }
}

/// Does the same for the map that holds a resource, and for all maps, each by its name.
macro_rules! sorts {
    ($do:ident) => {
        $do!(
            vpcs,
            subnets,
            network_acls,
            internet_gateways,
            addresses,
            nat_gateways,
            route_tables,
            security_groups,
            endpoints,
            interfaces,
            flow_logs
        )
    };
}

impl Ec2 {
    pub(super) fn create_tags(&mut self, asked: &Asked) -> Answer {
        let (ids, new) = (asked.list("ResourceId"), asked.tags("Tag"));
        for id in &ids {
            let mut all = self.tags_of(id)?.clone();
            all.extend(new.clone());
            checked(&all)?;
        }
        for id in &ids {
            self.tags_of(id)?.extend(new.clone());
        }
        done()
    }

    pub(super) fn delete_tags(&mut self, asked: &Asked) -> Answer {
        let (ids, old) = (asked.list("ResourceId"), asked.tags("Tag"));
        for id in &ids {
            let tags = self.tags_of(id)?;
            // Without any, all go; a tag whose value is given goes only where it has that value.
            tags.retain(|key, value| !old.is_empty() && old.get(key).is_none_or(|given| !given.is_empty() && given != value));
        }
        done()
    }

    /// The tags of all that there is.
    pub(super) fn describe_tags(&self, asked: &Asked) -> Answer {
        if asked.count("Filter") > 0 {
            return unknown("DescribeTags with filters");
        }
        let mut all = Vec::new();
        macro_rules! each {
            ($($field:ident),*) => { $(all.extend(self.$field.iter().flat_map(|(id, one)| items(id, one)));)* };
        }
        sorts!(each);
        xml(set("tagSet", "item", all))
    }

    fn tags_of(&mut self, id: &str) -> Result<&mut Tags, Fault> {
        let prefix = id.rsplit_once('-').map(|(prefix, _)| prefix).unwrap_or_default();
        macro_rules! search {
            ($($field:ident),*) => {
                $(if prefix == sort(&self.$field).prefix {
                    return super::get_mut(&mut self.$field, id).map(Resource::tags_mut);
                })*
            };
        }
        sorts!(search);
        fault("InvalidID", format!("The ID '{id}' is not valid"))
    }
}

fn sort<T: Resource>(_: &super::All<T>) -> Sort {
    T::SORT
}

fn items<T: Resource>(id: &str, one: &T) -> Vec<String> {
    let about = element("resourceId", id) + &element("resourceType", T::SORT.kind);
    one.tags().iter().map(|(key, value)| format!("{about}{}{}", element("key", key), element("value", value))).collect()
}
