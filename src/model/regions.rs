//! The Regions that AWS has, as of autumn 2026. It adds some every year: a name that is not here may be right.

/// The Regions that every account has from the beginning (Account Management, "Regions enabled by default"); all others have to be
/// opted into.
pub const BY_DEFAULT: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// The letters that the availability zones of a Region have, as accounts of the last years see them (`ec2:DescribeAvailabilityZones`; names are
/// given an account each). Most begin with `a` and leave none out; no Region has more than six. Which of the first ones a Region has, nobody
/// publishes.
pub fn zone_letters(region: &str) -> &'static str {
    match region {
        "ap-northeast-1" => "acd",
        "ca-central-1" => "abd",
        // Two, and to some accounts they are `b` and `c`.
        "us-west-1" => "ac",
        _ => "abcdef",
    }
}

/// The Regions that have to be opted into (Account Management, "AWS Regions that are opt-in").
pub const OPT_IN: [&str; 17] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-south-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-west-1",
    "eu-central-2",
    "eu-south-1",
    "eu-south-2",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
];
