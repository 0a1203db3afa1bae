//! A session: one account and Region, its clients and its directory. What every driver is handed, and the only way to reach AWS.

use super::credentials::AssumedRole;
use super::guard::Guard;
use super::{AwsError, Directory};
use crate::model::{Account, Address, KindName, Reference, Region, RemoteId};
use aws_config::SdkConfig;
use std::sync::{Arc, OnceLock};

/// An open door into one account. Only `Connection` makes them.
pub struct Session {
    account: Account,
    account_id: RemoteId,
    partition: String,
    region: Region,
    config: SdkConfig,
    guard: Guard,
    role: Option<AssumedRole>,
    directory: Arc<Directory>,
    ec2: OnceLock<aws_sdk_ec2::Client>,
    iam: OnceLock<aws_sdk_iam::Client>,
    organizations: OnceLock<aws_sdk_organizations::Client>,
    ssm: OnceLock<aws_sdk_ssm::Client>,
}

/// Makes the accessor of a service's client: built on first use, with the session's guard on it.
macro_rules! client {
    ($service:ident, $sdk:ident) => {
        pub fn $service(&self) -> &$sdk::Client {
            self.$service.get_or_init(|| {
                let config = $sdk::config::Builder::from(&self.config).interceptor(self.guard.clone()).build();
                $sdk::Client::from_conf(config)
            })
        }
    };
}

impl Session {
    client!(ec2, aws_sdk_ec2);
    client!(iam, aws_sdk_iam);
    client!(organizations, aws_sdk_organizations);
    client!(ssm, aws_sdk_ssm);

    pub(super) fn new(
        place: (Account, RemoteId, Region),
        partition: String,
        config: SdkConfig,
        guard: Guard,
        role: Option<AssumedRole>,
    ) -> Session {
        let (account, account_id, region) = place;
        Session {
            account,
            account_id,
            partition,
            region,
            config,
            guard,
            role,
            directory: Arc::default(),
            ec2: OnceLock::new(),
            iam: OnceLock::new(),
            organizations: OnceLock::new(),
            ssm: OnceLock::new(),
        }
    }

    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The account's twelve digits.
    pub fn account_id(&self) -> &RemoteId {
        &self.account_id
    }

    /// `aws`, `aws-cn` or `aws-us-gov`, as in ARNs.
    pub fn partition(&self) -> &str {
        &self.partition
    }

    /// The Region of the session's regional clients.
    pub fn region(&self) -> &Region {
        &self.region
    }

    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Proves that the account lets us in, before anything is asked of it.
    ///
    /// # Errors
    /// Those of `sts:AssumeRole`; `Denied` also while a new account's role is not in force yet.
    pub async fn enter(&self) -> Result<(), AwsError> {
        match &self.role {
            Some(role) => role.credentials().await.map(drop),
            None => Ok(()),
        }
    }

    /// The id of a resource that a spec of this account names.
    ///
    /// # Errors
    /// `Missing` when nothing of that name has been seen or created.
    pub fn id_of(&self, reference: &Reference, region: Region) -> Result<RemoteId, AwsError> {
        let account = reference.account.clone().unwrap_or_else(|| self.account.clone());
        let address = Address { account, region, kind: reference.kind.clone(), name: reference.name.clone() };
        let missing = || AwsError::missing("landfall:Directory", format!("{reference} is not there"));
        self.directory.id(&address).ok_or_else(missing)
    }

    /// The name of a resource whose id AWS told, as a spec of this account writes it.
    pub fn reference(&self, kind: &KindName, id: &str) -> Option<Reference> {
        self.directory.reference(&self.account, kind, id)
    }
}
