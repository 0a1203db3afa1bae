//! What goes over the wire, and what must not: refused writes, writes that are never repeated, and how many calls a read takes.

use crate::bench::{address, connect, spec};
use crate::moto;
use landfall::aws::{Caller, Fault};
use landfall::kinds::{Scope, Spec, TABLE};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// What reading may cost an account with every module on: one call to enter it, one for most kinds, and a few for what no listing shows.
const CALLS: usize = 36;

#[tokio::test]
async fn an_account_is_read_in_few_calls_and_without_a_right_to_write() {
    let (connection, calls) = connect(false, moto::endpoint()).await;
    let caller = connection.caller().await.unwrap();
    let at = connection.member(&caller, &"payments/prod".parse().unwrap(), &"333333333301".into());
    calls.lock().unwrap().clear();
    for row in TABLE.iter().filter(|row| matches!(row.scope, Scope::Global | Scope::Regional)) {
        Spec::read(&row.kind, &at).await.unwrap();
    }
    let calls = calls.lock().unwrap();
    assert!(calls.len() <= CALLS, "{calls:?}");
}

#[tokio::test]
async fn a_connection_that_may_only_read_sends_no_write() {
    let (connection, calls) = connect(false, moto::endpoint()).await;
    let caller = connection.caller().await.unwrap();
    let at = connection.management(&caller);
    calls.lock().unwrap().clear();
    let vpc = spec("vpc", json!({ "cidr": "10.0.0.0/20" }));
    let error = vpc.create(&at, &address("us-west-2/vpc/main")).await.unwrap_err();
    assert_eq!((error.fault, error.operation.as_str()), (Fault::Withheld, "ec2:CreateVpc"));
    assert_eq!(error.message, "landfall refused to call ec2:CreateVpc: this session may only read");
    assert_eq!(*calls.lock().unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn a_write_is_sent_once_and_a_read_again() {
    let (endpoint, requests) = failing_once().await;
    let (connection, _) = connect(true, &endpoint).await;
    let caller = Caller { account_id: "123456789012".into(), arn: String::new(), user_id: String::new(), partition: "aws".into() };
    let at = connection.management(&caller);
    let vpc = spec("vpc", json!({ "cidr": "10.0.0.0/20" }));
    let error = vpc.create(&at, &address("us-west-2/vpc/main")).await.unwrap_err();
    assert_eq!((error.fault, requests.swap(0, Ordering::SeqCst)), (Fault::Lost, 1), "{error}");
    assert_eq!(Spec::read(&vpc.kind(), &at).await.unwrap(), []);
    assert_eq!(requests.load(Ordering::SeqCst), 2);
}

/// A server that fails the first request after each time its count was set to nothing, and has nothing to tell after that.
async fn failing_once() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::new(AtomicUsize::new(0));
    let count = requests.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 64 * 1024];
            let _ = stream.read(&mut request).await;
            let first = count.fetch_add(1, Ordering::SeqCst) == 0;
            let (status, body) =
                if first { ("500 Oops", "") } else { ("200 OK", "<DescribeVpcsResponse><vpcSet/></DescribeVpcsResponse>") };
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (endpoint, requests)
}
