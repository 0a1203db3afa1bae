//! A way to the emulated services that keeps a copy of all that goes through, so that a test knows every secret that ever came into being,
//! also those that are gone by the time that it looks.

use regex_lite::Regex;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// What went one way on one connection.
type Stream = Arc<Mutex<Vec<u8>>>;

/// The way, and the copies.
pub struct Tee {
    pub endpoint: String,
    requests: Arc<Mutex<Vec<Stream>>>,
    answers: Arc<Mutex<Vec<Stream>>>,
}

impl Tee {
    pub async fn to(endpoint: &str) -> Tee {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let tee = Tee { endpoint: format!("http://{}", listener.local_addr().unwrap()), requests: Arc::default(), answers: Arc::default() };
        let (requests, answers) = (tee.requests.clone(), tee.answers.clone());
        let upstream = endpoint.trim_start_matches("http://").to_owned();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (from, back) = stream.into_split();
                let (there, onward) = TcpStream::connect(&upstream).await.unwrap().into_split();
                tokio::spawn(copied(from, onward, new(&requests)));
                tokio::spawn(copied(there, back, new(&answers)));
            }
        });
        tee
    }

    /// The secrets that services handed out for good: of access keys, and of New Relic.
    pub fn lasting(&self) -> BTreeSet<String> {
        let key = r"<CreateAccessKeyResponse[\s\S]*?<SecretAccessKey>([^<]+)</SecretAccessKey>";
        let ingest = r#""key": ?"([0-9a-f]+NRAL|NRJS-[0-9a-f]+)""#;
        [key, ingest].iter().flat_map(|pattern| self.handed_out(pattern)).collect()
    }

    /// Those that end with a session, and open everything until then.
    pub fn passing(&self) -> BTreeSet<String> {
        let secret = r"<AssumeRoleResponse[\s\S]*?<SecretAccessKey>([^<]+)</SecretAccessKey>";
        let token = r"<SessionToken>([^<]+)</SessionToken>";
        [secret, token].iter().flat_map(|pattern| self.handed_out(pattern)).collect()
    }

    fn handed_out(&self, pattern: &str) -> BTreeSet<String> {
        let pattern = Regex::new(pattern).unwrap();
        let texts = texts(&self.answers);
        let found = texts.iter().flat_map(|text| pattern.captures_iter(text));
        found.map(|found| found[1].to_owned()).collect()
    }

    /// Every request but those that exist to hand a secret over.
    pub fn other_requests(&self) -> Vec<(String, Vec<u8>)> {
        let start = Regex::new(r"(?:POST|GET|PUT|DELETE|HEAD|PATCH) [^ ]+ HTTP/1\.1\r\n").unwrap();
        let hands_over =
            |request: &str| ["CreateSecret", "PutSecretValue"].iter().any(|what| request.contains(&format!("secretsmanager.{what}")));
        let mut all = Vec::new();
        for text in texts(&self.requests) {
            let starts: Vec<usize> = start.find_iter(&text).map(|found| found.start()).chain([text.len()]).collect();
            let requests = starts.windows(2).map(|part| &text[part[0]..part[1]]);
            let others = requests.filter(|request| !hands_over(request));
            all.extend(others.map(|request| (request.lines().next().unwrap_or_default().to_owned(), request.as_bytes().to_vec())));
        }
        all
    }
}

fn new(streams: &Mutex<Vec<Stream>>) -> Stream {
    let stream = Stream::default();
    streams.lock().unwrap().push(stream.clone());
    stream
}

fn texts(streams: &Mutex<Vec<Stream>>) -> Vec<String> {
    streams.lock().unwrap().iter().map(|stream| String::from_utf8_lossy(&stream.lock().unwrap()).into_owned()).collect()
}

async fn copied(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, copy: Stream) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        copy.lock().unwrap().extend(&buffer[..length]);
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
