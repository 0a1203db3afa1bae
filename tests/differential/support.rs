//! Support: what a plan shows, and cases, until somebody resolves them.

use super::side::Side;
use aws_sdk_support::Client;

pub async fn story(side: &mut Side) {
    let here = |config: &aws_config::SdkConfig| Client::new(&config.to_builder().region(aws_config::Region::new("us-east-1")).build());
    let (management, member) = (here(&side.management), here(&side.member));
    let levels = |client: &Client| client.describe_severity_levels().language("en").send();
    side.told("support:DescribeSeverityLevels", levels(&management).await);
    side.told("support:DescribeSeverityLevels", levels(&member).await);
    side.told("support:DescribeCases", member.describe_cases().send().await);
    side.told("support:DescribeCases", management.describe_cases().send().await);
    let line = format!("landfall: account {} (shop/prod): business", side.account);
    let open = management.create_case().subject("[landfall] A story").issue_type("customer-service").service_code("customer-account");
    let open = open.category_code("other-account-issues").severity_code("low").language("en").communication_body(&line);
    side.told("support:CreateCase", open.clone().severity_code("critical").send().await);
    let case = side.told("support:CreateCase", open.send().await).unwrap().case_id.unwrap();
    let add = |case: &str| management.add_communication_to_case().case_id(case).communication_body("One more").send();
    side.told("support:AddCommunicationToCase", add(&case).await);
    side.told("support:AddCommunicationToCase", add("nobodys").await);
    side.told("support:DescribeCommunications", management.describe_communications().case_id(&case).send().await);
    side.told("support:DescribeCommunications", management.describe_communications().case_id("nobodys").send().await);
    let list = |resolved: bool| {
        let call = management.describe_cases().include_communications(false).include_resolved_cases(resolved);
        call.after_time("2020-01-01T00:00:00Z").send()
    };
    side.told("support:DescribeCases", list(false).await);
    side.told("support:ResolveCase", management.resolve_case().case_id(&case).send().await);
    side.told("support:DescribeCases", list(false).await);
    side.told("support:DescribeCases", list(true).await);
    side.told("support:DescribeSeverityLevels", levels(&member).await);
    side.told("support:AddCommunicationToCase", add(&case).await);
    side.told("support:DescribeCases", list(false).await);
}
