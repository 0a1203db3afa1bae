//! Removal: what an account no longer has goes in one run, although AWS takes its time to let go of it.

use super::aws::Aws;
use super::estate::{one_account, without};
use super::run::{applied, planned};

#[tokio::test(start_paused = true)]
async fn a_network_goes_with_its_canaries_although_lambda_keeps_interfaces_in_it() {
    let aws = Aws::new(11);
    let (plan, _) = planned(&aws, &one_account()).await;
    assert!(applied(&aws, plan).await.0.succeeded());

    let desired = without(&["network", "canary"]);
    let (plan, _) = planned(&aws, &desired).await;
    let gone = |kind: &str| plan.steps().filter(|step| step.address.kind.as_str() == kind && step.action.after().is_none()).count();
    assert_eq!(["lambda-function", "subnet", "vpc"].map(gone), [2, 4, 1]);
    let began = tokio::time::Instant::now();
    assert!(applied(&aws, plan).await.0.succeeded());
    let minutes = began.elapsed().as_secs() / 60;
    assert!((20..25).contains(&minutes), "{minutes}");

    // What the management account had for them goes by the next plan, as this one said.
    let (left, _) = planned(&aws, &desired).await;
    assert_eq!(left.steps().map(|step| step.address.to_string()).collect::<Vec<_>>(), ["management/global/event-bus/landfall-reports"]);
}
