//! Groups and people: who can be put where, and what is told of it.

use super::side::Side;
use aws_sdk_identitystore::types::{Email, MemberId, Name};

/// The id of the group that is there in the end.
pub async fn story(side: &mut Side) -> String {
    let store = aws_sdk_identitystore::Client::new(&side.management);
    let center = aws_sdk_ssoadmin::Client::new(&side.management).list_instances().send().await.unwrap();
    let id = center.instances()[0].identity_store_id().unwrap();
    let group = async |name: &str| store.create_group().identity_store_id(id).display_name(name).description("Developers").send().await;
    let made = side.told("identitystore:CreateGroup", group("shop-developers").await).unwrap();
    side.told("identitystore:CreateGroup", group("shop-developers").await);
    side.told("identitystore:ListGroups", store.list_groups().identity_store_id(id).send().await);

    let user = async |name: &str, given: Option<&str>| {
        let email = Email::builder().value("jane@agency.example").primary(true).build();
        let full = Name::builder().set_given_name(given.map(str::to_owned)).family_name("Doe").build();
        let call = store.create_user().identity_store_id(id).user_name(name).display_name("Jane");
        call.name(full).emails(email).send().await
    };
    let jane = side.told("identitystore:CreateUser", user("jane", Some("Jane")).await).unwrap();
    side.told("identitystore:CreateUser", user("jane", Some("Jane")).await);
    side.told("identitystore:CreateUser", user("joe", None).await);
    side.told("identitystore:ListUsers", store.list_users().identity_store_id(id).send().await);

    let join = async |group: &str, user: &str| {
        let call = store.create_group_membership().identity_store_id(id).group_id(group);
        call.member_id(MemberId::UserId(user.to_owned())).send().await
    };
    let members = async |group: &str| store.list_group_memberships().identity_store_id(id).group_id(group).send().await;
    let membership = side.told("identitystore:CreateGroupMembership", join(made.group_id(), jane.user_id()).await).unwrap();
    side.told("identitystore:CreateGroupMembership", join(made.group_id(), made.group_id()).await);
    side.told("identitystore:CreateGroupMembership", join(jane.user_id(), jane.user_id()).await);
    side.told("identitystore:ListGroupMemberships", members(made.group_id()).await);

    let leave = async || store.delete_group_membership().identity_store_id(id).membership_id(membership.membership_id()).send().await;
    side.told("identitystore:DeleteGroupMembership", leave().await);
    side.told("identitystore:ListGroupMemberships", members(made.group_id()).await);
    side.differs("identitystore:DeleteGroupMembership", "moto takes away what is gone");
    side.told("identitystore:DeleteGroupMembership", leave().await);
    side.differs("identitystore:ListGroupMemberships", "moto lists nobody in a group that is not there");
    side.told("identitystore:ListGroupMemberships", members(jane.user_id()).await);
    side.differs("identitystore:ListGroups", "moto has any identity store");
    side.told("identitystore:ListGroups", store.list_groups().identity_store_id("d-ffffffffff").send().await);
    join(made.group_id(), jane.user_id()).await.unwrap();
    side.differs("identitystore:CreateGroupMembership", "moto puts a user into a group twice");
    side.told("identitystore:CreateGroupMembership", join(made.group_id(), jane.user_id()).await);
    made.group_id
}
