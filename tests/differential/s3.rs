//! Amazon S3: a bucket, conditional writes, and listings.

use super::side::Side;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, PublicAccessBlockConfiguration, VersioningConfiguration,
};
use aws_sdk_s3::{Client, Config};

pub async fn story(side: &mut Side) {
    let s3 = Client::from_conf(Config::from(&side.member).to_builder().force_path_style(true).build());
    let bucket = format!("landfall-{}-us-west-2", side.account);
    side.told("s3:HeadBucket", s3.head_bucket().bucket(&bucket).send().await);
    side.told("s3:GetObject", s3.get_object().bucket(&bucket).key("lock.json").send().await);
    side.told("s3:ListObjectsV2", s3.list_objects_v2().bucket(&bucket).send().await);
    made(side, &s3, &bucket).await;
    written(side, &s3, &bucket).await;
    listed(side, &s3, &bucket).await;
    side.differs("s3:GetObject", "moto lets every account read every bucket");
    let stranger = Client::from_conf(Config::from(&side.management).to_builder().force_path_style(true).build());
    side.told("s3:GetObject", stranger.get_object().bucket(&bucket).key("lock.json").send().await);
}

async fn made(side: &mut Side, s3: &Client, bucket: &str) {
    let make = |region: Option<&str>| {
        let place = |region| CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::from(region)).build();
        s3.create_bucket().bucket(bucket).set_create_bucket_configuration(region.map(place)).send()
    };
    for region in [None, Some("eu-west-1"), Some("us-west-2"), Some("us-west-2")] {
        side.told("s3:CreateBucket", make(region).await);
    }
    side.told("s3:HeadBucket", s3.head_bucket().bucket(bucket).send().await);
    side.told("s3:HeadBucket", s3.head_bucket().bucket(bucket).expected_bucket_owner(&side.account).send().await);
    side.differs("s3:HeadBucket", "moto passes over whom the caller takes for the owner");
    side.told("s3:HeadBucket", s3.head_bucket().bucket(bucket).expected_bucket_owner("000000000001").send().await);
    let versioned = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    side.told("s3:PutBucketVersioning", s3.put_bucket_versioning().bucket(bucket).versioning_configuration(versioned).send().await);
    let closed = PublicAccessBlockConfiguration::builder().block_public_acls(true).ignore_public_acls(true).block_public_policy(false);
    let closed =
        s3.put_public_access_block().bucket(bucket).public_access_block_configuration(closed.restrict_public_buckets(true).build());
    side.told("s3:PutPublicAccessBlock", closed.send().await);
    side.told("s3:GetPublicAccessBlock", s3.get_public_access_block().bucket(bucket).send().await);
}

async fn written(side: &mut Side, s3: &Client, bucket: &str) {
    let put = |text: &'static str| s3.put_object().bucket(bucket).key("lock.json").body(ByteStream::from_static(text.as_bytes()));
    let read = || s3.get_object().bucket(bucket).key("lock.json").send();
    side.told("s3:GetObject", read().await);
    side.told("s3:PutObject", put("1").if_match("\"none\"").send().await);
    let first = side.told("s3:PutObject", put("1").content_type("application/json").if_none_match("*").send().await).unwrap();
    let first = first.e_tag.unwrap();
    side.told("s3:PutObject", put("2").if_none_match("*").send().await);
    side.told("s3:PutObject", put("2").if_match(&first).send().await);
    side.told("s3:PutObject", put("3").if_match(&first).send().await);
    let seen = side.told("s3:GetObject", read().await).unwrap();
    assert_eq!((seen.content_type(), seen.e_tag() == Some(first.as_str())), (Some("application/octet-stream"), false));
    assert_eq!(seen.body.collect().await.unwrap().into_bytes().as_ref(), b"2");
    side.told("s3:DeleteObject", s3.delete_object().bucket(bucket).key("lock.json").send().await);
    side.told("s3:GetObject", read().await);
    side.told("s3:PutObject", put("4 <&> \u{e9}").if_none_match("*").send().await);
    let seen = side.told("s3:GetObject", read().await).unwrap();
    assert_eq!(seen.body.collect().await.unwrap().into_bytes().as_ref(), "4 <&> \u{e9}".as_bytes());
    // What is sent in pieces arrives as a whole.
    let folder = std::env::temp_dir().join(format!("landfall-differential-{}", std::process::id()));
    std::fs::write(&folder, "x".repeat(100_000)).unwrap();
    let body = ByteStream::from_path(&folder).await.unwrap();
    side.told("s3:PutObject", s3.put_object().bucket(bucket).key("pieces").body(body).send().await);
    std::fs::remove_file(&folder).unwrap();
    let seen = side.told("s3:GetObject", s3.get_object().bucket(bucket).key("pieces").send().await).unwrap();
    assert_eq!(seen.body.collect().await.unwrap().into_bytes().len(), 100_000);
}

async fn listed(side: &mut Side, s3: &Client, bucket: &str) {
    for number in 1..=5 {
        let key = format!("records/{number:08}.json");
        let put = s3.put_object().bucket(bucket).key(key).body(ByteStream::from_static(b"{}"));
        side.told("s3:PutObject", put.if_none_match("*").send().await);
    }
    let mut pages = s3.list_objects_v2().bucket(bucket).prefix("records/").max_keys(2).into_paginator().send();
    while let Some(page) = pages.next().await {
        side.told("s3:ListObjectsV2", page);
    }
    side.told("s3:ListObjectsV2", s3.list_objects_v2().bucket(bucket).send().await);
    side.told("s3:ListObjectsV2", s3.list_objects_v2().bucket(bucket).prefix("none/").send().await);
}
