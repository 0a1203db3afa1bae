//! `GetAccountAuthorizationDetails`: everybody there is, with all that they may do, page by page.

use super::Iam;
use crate::simulated::At;
use crate::simulated::wire::{Answer, Asked, element, set, xml};

/// How many a page holds, whatever they are, and how many at the most.
const PAGE: usize = 100;
const LARGEST_PAGE: usize = 1000;
/// The lists, in the order in which AWS fills them, and what a filter calls what is in them.
const LISTS: [(&str, &str); 4] =
    [("UserDetailList", "User"), ("GroupDetailList", "Group"), ("RoleDetailList", "Role"), ("Policies", "LocalManagedPolicy")];

impl Iam {
    pub(super) fn details(&self, at: &At<'_>, asked: &Asked) -> Answer {
        let (filter, from) = (asked.list("Filter.member"), asked.text("Marker"));
        let is_wanted = |of: usize| filter.is_empty() || filter.iter().any(|kind| kind == LISTS[of].1);
        let users = self.users.keys().map(|name| (0, name.as_str()));
        let roles = self.roles.keys().map(|name| (2, name.as_str()));
        let all = users.chain(roles).chain(self.policies.keys().map(|arn| (3, arn.as_str())));
        let most = asked.text("MaxItems").parse().unwrap_or(PAGE).clamp(1, LARGEST_PAGE);
        // What is listed next is told by what was listed last, so that nothing is passed over when something goes.
        let mut rest = all.filter(|(of, _)| is_wanted(*of)).filter(|one| marker(*one) > from);
        let page: Vec<(usize, &str)> = rest.by_ref().take(most).collect();
        let next = page.last().filter(|_| rest.next().is_some()).map(|last| element("Marker", &marker(*last)));
        let lists = LISTS.iter().enumerate().map(|(list, (name, _))| {
            let items = page.iter().filter(|(of, _)| *of == list);
            set(name, "member", items.map(|(_, item)| self.detail(at.account, list, item)))
        });
        let lists: String = lists.collect();
        xml(element("IsTruncated", &next.is_some().to_string()) + &next.unwrap_or_default() + &lists)
    }

    fn detail(&self, account: &str, list: usize, name: &str) -> String {
        let found = match list {
            0 => self.users.get(name).map(|user| user.detail(account, "User", name) + "<GroupList></GroupList>"),
            2 => self.roles.get(name).map(|role| role.detail(account, "Role", name) + "<InstanceProfileList></InstanceProfileList>"),
            _ => self.policies.get(name).map(|policy| self.policy_detail(name, policy)),
        };
        found.unwrap_or_default()
    }
}

fn marker((list, name): (usize, &str)) -> String {
    format!("{list} {name}")
}
