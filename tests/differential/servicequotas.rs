//! Service Quotas: what is in force, and requests for more: granted, left to a person, denied, refused.

use super::side::Side;
use aws_sdk_servicequotas::Client;

pub async fn story(side: &mut Side) {
    let quotas = Client::new(&side.member);
    for service in ["vpc", "ec2"] {
        side.told("servicequotas:ListServiceQuotas", quotas.list_service_quotas().service_code(service).send().await);
        let call = quotas.list_aws_default_service_quotas().service_code(service);
        side.told("servicequotas:ListAWSDefaultServiceQuotas", call.send().await);
    }
    for (service, code) in [("vpc", "L-F678F1CE"), ("ec2", "L-1216C47A"), ("vpc", "L-NOTTHERE")] {
        let call = quotas.get_service_quota().service_code(service).quota_code(code);
        side.told("servicequotas:GetServiceQuota", call.send().await);
        let call = quotas.get_aws_default_service_quota().service_code(service).quota_code(code);
        side.told("servicequotas:GetAWSDefaultServiceQuota", call.send().await);
    }
    let ask = |service: &str, code: &str, value: f64| {
        let call = quotas.request_service_quota_increase().service_code(service).quota_code(code);
        call.desired_value(value).send()
    };
    let mut ids = Vec::new();
    for (service, code, value) in [
        ("vpc", "L-F678F1CE", 10.0),
        ("ec2", "L-0263D0A3", 50.0),
        ("vpc", "L-A4707A72", 20_000.0),
        ("ec2", "L-0263D0A3", 60.0),
        ("vpc", "L-FE5A380F", 4.0),
        ("vpc", "L-3248932A", 40_000.0),
    ] {
        let asked = side.told("servicequotas:RequestServiceQuotaIncrease", ask(service, code, value).await);
        ids.extend(asked.and_then(|asked| asked.requested_quota).and_then(|request| request.id));
    }
    side.rest().await;
    for id in &ids {
        // The emulated AWS decides when it is looked at.
        quotas.get_requested_service_quota_change().request_id(id).send().await.unwrap();
        let call = quotas.get_requested_service_quota_change().request_id(id);
        side.told("servicequotas:GetRequestedServiceQuotaChange", call.send().await);
    }
    let call = quotas.get_requested_service_quota_change().request_id("nobodys");
    side.told("servicequotas:GetRequestedServiceQuotaChange", call.send().await);
    let call = quotas.list_requested_service_quota_change_history().max_results(100);
    side.told("servicequotas:ListRequestedServiceQuotaChangeHistory", call.send().await);
    for code in ["L-F678F1CE", "L-A4707A72"] {
        let call = quotas.get_service_quota().service_code("vpc").quota_code(code);
        side.told("servicequotas:GetServiceQuota", call.send().await);
    }
}
