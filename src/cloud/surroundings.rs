//! What AWS would hold against a plan, beside what lives: how many accounts there are, and what quotas were granted. Only reads.

use super::sessions::{Entrance, account_address};
use crate::aws::CallError;
use crate::kinds::{self, Driver, Kind, ServiceQuota, Spec};
use crate::model::{Account, Address};
use crate::plan::Live;

/// How many accounts the organization has, ours or not, open or not: AWS counts them all until they are gone.
///
/// # Errors
/// Those of listing them.
pub async fn count_accounts(entrance: &Entrance) -> Result<usize, CallError> {
    Ok(<kinds::Account as Driver>::read(&entrance.management).await?.len())
}

/// What an account has of a quota; none of what AWS does not know, and in an account that does not live.
///
/// # Errors
/// Those of entering the account and asking.
pub async fn granted(entrance: &Entrance, live: &Live, account: &Account, service: &str, code: &str) -> Result<Option<u64>, CallError> {
    let member = match account {
        Account::Management => None,
        Account::Member { .. } => match live.found.get(&account_address(account)) {
            Some(found) => Some(entrance.connection.member(&entrance.caller, account, &found.id)),
            None => return Ok(None),
        },
    };
    let at = member.as_ref().unwrap_or(&entrance.management);
    let unnamed = |_| CallError::refused("servicequotas:GetServiceQuota", format!("{service}/{code} is no quota"));
    let name = format!("{service}/{code}").parse().map_err(unnamed)?;
    let address = Address { account: account.clone(), region: at.region().clone(), kind: ServiceQuota::NAME, name };
    let seen = Spec::find(at, &address).await?;
    Ok(seen.and_then(|seen| if let Spec::ServiceQuota(quota) = seen.spec { Some(quota.value) } else { None }))
}
