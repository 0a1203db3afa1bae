//! A way to the emulated AWS that is as strict as AWS where the emulated one is not: it refuses what a test says that AWS refuses, in AWS's
//! words and wire formats, and lets everything else through. Knows whose request it is by the key that signed it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What is refused.
#[derive(Clone, Debug)]
pub struct Refuse {
    /// The number of the account whose credentials make the call; for `AssumeRole`, the one whose role it is.
    pub account: String,
    pub operation: &'static str,
    /// The error, or in braces what is answered instead.
    pub code: &'static str,
    /// How often it is let through before that.
    pub after: usize,
}

#[derive(Default)]
struct State {
    refused: Vec<Refuse>,
    /// The account that each session's key is of.
    keys: BTreeMap<String, String>,
}

/// The way, open until the test ends.
#[derive(Clone)]
pub struct Strict {
    pub endpoint: String,
    state: Arc<Mutex<State>>,
}

struct Request {
    head: String,
    body: Vec<u8>,
}

impl Strict {
    pub async fn to(endpoint: &str) -> Strict {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let strict = Strict { endpoint: format!("http://{}", listener.local_addr().unwrap()), state: Arc::default() };
        let (state, upstream) = (strict.state.clone(), endpoint.trim_start_matches("http://").to_owned());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(served(stream, upstream.clone(), state.clone()));
            }
        });
        strict
    }

    /// From now on, AWS refuses this.
    pub fn refuse(&self, refuse: Refuse) {
        self.state.lock().unwrap().refused.push(refuse);
    }

    /// Whose key one is that no request through here has made.
    pub fn know(&self, key: &str, account: &str) {
        self.state.lock().unwrap().keys.insert(key.to_owned(), account.to_owned());
    }
}

/// Request after request of one connection.
async fn served(mut stream: TcpStream, upstream: String, state: Arc<Mutex<State>>) -> Option<()> {
    loop {
        let request = read(&mut stream).await?;
        if let Some(refused) = refusal(&request, &state) {
            stream.write_all(&refused).await.ok()?;
            continue;
        }
        let answer = forwarded(&request, &upstream).await?;
        learn(&request, &answer, &state);
        stream.write_all(&answer).await.ok()?;
        // How long an answer is only its end tells.
        return stream.shutdown().await.ok();
    }
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
    let end = loop {
        match stream.read(&mut buffer).await.ok()? {
            0 => return None,
            length => bytes.extend(&buffer[..length]),
        }
        if let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut body = bytes.split_off(end);
    let length: usize = header(&head, "content-length").parse().unwrap_or(0);
    while body.len() < length {
        match stream.read(&mut buffer).await.ok()? {
            0 => return None,
            length => body.extend(&buffer[..length]),
        }
    }
    Some(Request { head, body })
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let found = head.lines().filter_map(|line| line.split_once(':')).find(|(field, _)| field.eq_ignore_ascii_case(name));
    found.map_or("", |(_, value)| value.trim())
}

async fn forwarded(Request { head, body }: &Request, upstream: &str) -> Option<Vec<u8>> {
    let mut there = TcpStream::connect(upstream).await.ok()?;
    let kept = head.trim_end().lines().filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    let head: String = kept.map(|line| format!("{line}\r\n")).collect();
    there.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).await.ok()?;
    there.write_all(body).await.ok()?;
    let mut answer = Vec::new();
    there.read_to_end(&mut answer).await.ok()?;
    Some(answer)
}

fn operation(request: &Request) -> String {
    let target = header(&request.head, "x-amz-target").rsplit('.').next().unwrap_or_default().to_owned();
    if target.is_empty() { field(request, "Action") } else { target }
}

/// A field of a form.
fn field(request: &Request, name: &str) -> String {
    let text = String::from_utf8_lossy(&request.body).into_owned();
    let value = text.split('&').filter_map(|pair| pair.split_once('=')).find(|(field, _)| *field == name);
    value.map(|(_, value)| percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned()).unwrap_or_default()
}

/// The account that a role to be assumed is of.
fn target(request: &Request) -> String {
    field(request, "RoleArn").split(':').nth(4).unwrap_or_default().to_owned()
}

fn key(request: &Request) -> String {
    let scope = header(&request.head, "authorization").split("Credential=").nth(1).unwrap_or_default();
    scope.split('/').next().unwrap_or_default().to_owned()
}

fn refusal(request: &Request, state: &Mutex<State>) -> Option<Vec<u8>> {
    let (operation, mut state) = (operation(request), state.lock().unwrap());
    let account = match operation.as_str() {
        "AssumeRole" => target(request),
        _ => state.keys.get(&key(request))?.clone(),
    };
    let refused = state.refused.iter_mut().find(|refused| refused.account == account && refused.operation == operation)?;
    if let Some(left) = refused.after.checked_sub(1) {
        refused.after = left;
        return None;
    }
    Some(worded(request, refused))
}

/// A refusal in the format of the service.
fn worded(request: &Request, Refuse { code, operation, .. }: &Refuse) -> Vec<u8> {
    if code.starts_with('{') {
        return format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{code}", code.len()).into_bytes();
    }
    let service = header(&request.head, "authorization").split('/').nth(3).unwrap_or_default();
    let message = format!("{operation} is refused");
    let inner = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
    let body = match service {
        "ec2" => format!("<Response><Errors>{inner}</Errors><RequestID>r</RequestID></Response>"),
        "iam" | "sts" => format!("<ErrorResponse>{inner}<RequestId>r</RequestId></ErrorResponse>"),
        _ => format!("{{\"__type\":\"{code}\",\"message\":\"{message}\"}}"),
    };
    format!("HTTP/1.1 400 Bad Request\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn learn(request: &Request, answer: &[u8], state: &Mutex<State>) {
    if operation(request) != "AssumeRole" {
        return;
    }
    let text = String::from_utf8_lossy(answer);
    let key = text.split("<AccessKeyId>").nth(1).and_then(|rest| rest.split("</AccessKeyId>").next());
    if let Some(key) = key {
        state.lock().unwrap().keys.insert(key.to_owned(), target(request));
    }
}
