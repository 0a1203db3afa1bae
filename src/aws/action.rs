//! From the SDK's words to IAM's: which action a policy has to allow for an operation to be called.
//! Source: the Service Authorization Reference, which lists the actions of each service.

/// Services whose prefix in policies is not their SDK's name.
const PREFIXES: [(&str, &str); 6] = [
    ("s3control", "s3"),
    ("ssoadmin", "sso"),
    ("ssmcontacts", "ssm-contacts"),
    ("ssmincidents", "ssm-incidents"),
    ("cloudwatchlogs", "logs"),
    ("eventbridge", "events"),
];

/// Operations, by the SDK's names, whose action has a name of its own.
const RENAMED: [(&str, &str); 17] = [
    ("s3control:GetPublicAccessBlock", "s3:GetAccountPublicAccessBlock"),
    ("s3control:PutPublicAccessBlock", "s3:PutAccountPublicAccessBlock"),
    ("s3control:DeletePublicAccessBlock", "s3:PutAccountPublicAccessBlock"),
    ("s3:HeadBucket", "s3:ListBucket"),
    ("s3:ListObjectsV2", "s3:ListBucket"),
    ("s3:PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock"),
    ("budgets:DescribeBudget", "budgets:ViewBudget"),
    ("budgets:DescribeBudgets", "budgets:ViewBudget"),
    ("budgets:DescribeNotificationsForBudget", "budgets:ViewBudget"),
    ("budgets:DescribeSubscribersForNotification", "budgets:ViewBudget"),
    ("budgets:CreateBudget", "budgets:ModifyBudget"),
    ("budgets:UpdateBudget", "budgets:ModifyBudget"),
    ("budgets:DeleteBudget", "budgets:ModifyBudget"),
    ("budgets:CreateNotification", "budgets:ModifyBudget"),
    ("budgets:UpdateNotification", "budgets:ModifyBudget"),
    ("budgets:DeleteNotification", "budgets:ModifyBudget"),
    ("lambda:Invoke", "lambda:InvokeFunction"),
];

/// The IAM action of an operation: `ec2:CreateVpc` for `CreateVpc` of `EC2`.
pub(super) fn action(service: &str, operation: &str) -> String {
    let service: String = service.chars().filter(|sign| !sign.is_whitespace()).collect::<String>().to_lowercase();
    let prefix = PREFIXES.iter().find(|(sdk, _)| *sdk == service).map_or(service.as_str(), |(_, iam)| iam);
    let named = format!("{service}:{operation}");
    RENAMED.iter().find(|(from, _)| *from == named).map_or_else(|| format!("{prefix}:{operation}"), |(_, to)| (*to).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_named_as_policies_name_them() {
        assert_eq!(action("EC2", "CreateVpc"), "ec2:CreateVpc");
        assert_eq!(action("S3 Control", "GetPublicAccessBlock"), "s3:GetAccountPublicAccessBlock");
        assert_eq!(action("S3", "PutPublicAccessBlock"), "s3:PutBucketPublicAccessBlock");
        assert_eq!(action("SSO Admin", "ListInstances"), "sso:ListInstances");
        assert_eq!(action("Secrets Manager", "ListSecrets"), "secretsmanager:ListSecrets");
        assert_eq!(action("cloudwatchlogs", "DescribeLogGroups"), "logs:DescribeLogGroups");
    }
}
