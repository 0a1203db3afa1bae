//! AWS Systems Manager: parameters.

use super::side::Side;
use aws_sdk_ssm::types::ParameterType;

pub async fn story(side: &mut Side) {
    let ssm = aws_sdk_ssm::Client::new(&side.member);
    side.told("ssm:GetParameter", ssm.get_parameter().name("/landfall/none").send().await);
    side.told("ssm:DeleteParameter", ssm.delete_parameter().name("/landfall/none").send().await);
    let put = |name: &str, value: &str| ssm.put_parameter().name(name).value(value);
    side.told("ssm:PutParameter", put("/landfall/untyped", "x").send().await);
    side.told("ssm:PutParameter", put("/landfall/empty", "").r#type(ParameterType::String).send().await);
    side.told("ssm:PutParameter", put("aws-like", "x").r#type(ParameterType::String).send().await);
    let first = put("/landfall/a", "1").description("one").r#type(ParameterType::String);
    side.told("ssm:PutParameter", first.clone().send().await);
    side.told("ssm:PutParameter", first.clone().send().await);
    side.told("ssm:PutParameter", put("/landfall/a", "2").overwrite(true).send().await);
    let tags = aws_sdk_ssm::types::Tag::builder().key("a").value("b").build().unwrap();
    side.told("ssm:PutParameter", put("/landfall/a", "2").overwrite(true).tags(tags).send().await);
    side.told("ssm:PutParameter", put("/landfall/list", "a,b").r#type(ParameterType::StringList).send().await);
    side.differs("ssm:PutParameter", "moto changes a parameter's type");
    side.told("ssm:PutParameter", put("/landfall/list", "a").r#type(ParameterType::String).overwrite(true).send().await);
    side.differs("ssm:PutParameter", "moto takes values of any length");
    side.told("ssm:PutParameter", put("/landfall/list", &"x".repeat(4097)).overwrite(true).send().await);
    side.told("ssm:DeleteParameter", ssm.delete_parameter().name("/landfall/list").send().await);

    for number in 0..12 {
        side.told("ssm:PutParameter", put(&format!("/landfall/deep/{number:02}"), "x").r#type(ParameterType::String).send().await);
    }
    let mut seen = Vec::new();
    let mut pages = ssm.get_parameters_by_path().path("/landfall/").recursive(true).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = side.told("ssm:GetParametersByPath", page).unwrap();
        seen.extend(page.parameters().iter().map(|parameter| parameter.name().unwrap().to_owned()));
    }
    assert!(seen.len() >= 13, "{seen:?}");
    side.told("ssm:GetParametersByPath", ssm.get_parameters_by_path().path("/landfall/").send().await);
    side.told("ssm:GetParametersByPath", ssm.get_parameters_by_path().path("/other").send().await);
    side.told("ssm:GetParameter", ssm.get_parameter().name("/landfall/deep/01").send().await);
}
