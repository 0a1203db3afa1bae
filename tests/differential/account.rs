//! AWS Account Management: contacts, Regions and names.

use super::side::Side;
use aws_sdk_account::Client;
use aws_sdk_account::types::AlternateContactType as Type;

pub async fn story(side: &mut Side) {
    let account = Client::new(&side.member);
    contacts(side, &account).await;
    regions(side, &account).await;
}

async fn contacts(side: &mut Side, account: &Client) {
    let get = || account.get_alternate_contact().alternate_contact_type(Type::Billing).send();
    side.told("account:GetAlternateContact", get().await);
    for name in ["Ada", "Alan"] {
        let call = account.put_alternate_contact().alternate_contact_type(Type::Billing).name(name).title("Finance");
        side.told("account:PutAlternateContact", call.email_address("ada@acme.example").phone_number("+1 555 0100").send().await);
        side.told("account:GetAlternateContact", get().await);
    }
}

async fn regions(side: &mut Side, account: &Client) {
    let status = |region: &'static str| account.get_region_opt_status().region_name(region).send();
    let enable = |region: &'static str| account.enable_region().region_name(region).send();
    side.told("account:GetRegionOptStatus", status("us-west-2").await);
    side.told("account:GetRegionOptStatus", status("eu-central-2").await);
    side.told("account:EnableRegion", enable("us-west-2").await);
    side.told("account:EnableRegion", enable("eu-central-2").await);
    side.told("account:EnableRegion", enable("eu-central-2").await);
    side.rest().await;
    // The emulated AWS counts how often somebody looks, and not the time: one look more, and it is there.
    drop(status("eu-central-2").await);
    side.told("account:GetRegionOptStatus", status("eu-central-2").await);
}
