//! A way to the emulated services on which one call of each account meets with a mishap: it never arrives, or is never answered, or its answer
//! gets lost. Counts the calls of each account; changes nothing else.

use regex_lite::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Who has no session in a member account.
const MANAGEMENT: &str = "management";

/// What can happen to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// It never arrives, and its account gets no answer any more: whoever calls is about to be killed.
    NeverArrives,
    /// It is carried out, and its account gets no answer any more.
    NeverAnswered,
    /// It is carried out, and the connection ends before the answer.
    AnswerLost,
}

/// The way, and what happened on it.
#[derive(Clone)]
pub struct Strike {
    pub endpoint: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// The account of each access key that was handed out.
    accounts: BTreeMap<String, String>,
    /// Accounts in the order in which they were first seen, each with its calls since the last `begin`.
    seen: Vec<(String, usize)>,
    /// Which call of which account is struck, by that order.
    targets: Vec<(usize, Mishap)>,
    struck: BTreeMap<String, Mishap>,
    /// The accounts that hear nothing any more, until the next `begin`.
    silent: BTreeSet<String>,
}

impl Strike {
    pub fn on_the_way_to(endpoint: &str) -> Strike {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let strike = Strike { endpoint: format!("http://{}", listener.local_addr().unwrap()), state: Arc::default() };
        let (way, upstream) = (strike.clone(), endpoint.trim_start_matches("http://").to_owned());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (way, upstream) = (way.clone(), upstream.clone());
                std::thread::spawn(move || way.carry(&stream, &upstream));
            }
        });
        strike
    }

    /// Counts anew. The first account that calls is struck at its n-th call as the first target says, and so on; an account that was struck
    /// once is left alone for good.
    pub fn begin(&self, targets: Vec<(usize, Mishap)>) {
        let mut state = self.state.lock().unwrap();
        state.seen.iter_mut().for_each(|(_, calls)| *calls = 0);
        state.targets = targets;
        state.silent.clear();
    }

    /// The calls of each account since the last `begin`.
    pub fn calls(&self) -> Vec<usize> {
        self.state.lock().unwrap().seen.iter().map(|(_, calls)| *calls).collect()
    }

    /// What happened to the accounts that were struck, ever.
    pub fn struck(&self) -> Vec<Mishap> {
        self.state.lock().unwrap().struck.values().copied().collect()
    }

    /// Whether some account hears nothing any more.
    pub fn silences(&self) -> bool {
        !self.state.lock().unwrap().silent.is_empty()
    }

    fn carry(&self, stream: &TcpStream, upstream: &str) -> Option<()> {
        let onward = TcpStream::connect(upstream).unwrap();
        let (mut requests, mut answers) = (BufReader::new(stream.try_clone().unwrap()), BufReader::new(onward.try_clone().unwrap()));
        loop {
            let request = message(&mut requests, false)?;
            let mishap = self.count(&request);
            if mishap == Some(Mishap::NeverArrives) {
                return silence();
            }
            (&onward).write_all(&request).ok()?;
            let answer = message(&mut answers, request.starts_with(b"HEAD "))?;
            self.learn(&request, &answer);
            match mishap {
                Some(Mishap::AnswerLost) => return stream.shutdown(Shutdown::Both).ok(),
                Some(_) => return silence(),
                None => (&*stream).write_all(&answer).ok()?,
            }
        }
    }

    /// Counts a call, and says what happens to it.
    fn count(&self, request: &[u8]) -> Option<Mishap> {
        let head = String::from_utf8_lossy(request);
        let mut state = self.state.lock().unwrap();
        let key = Regex::new(r"Credential=([^/]+)/").unwrap().captures(&head).map(|found| found[1].to_owned());
        let account = key.and_then(|key| state.accounts.get(&key).cloned()).unwrap_or_else(|| MANAGEMENT.to_owned());
        if state.silent.contains(&account) {
            return Some(Mishap::NeverArrives);
        }
        let place = state.seen.iter().position(|(seen, _)| *seen == account).unwrap_or(state.seen.len());
        if place == state.seen.len() {
            state.seen.push((account.clone(), 0));
        }
        state.seen[place].1 += 1;
        let (at, mishap) = *state.targets.get(place)?;
        if at != state.seen[place].1 || state.struck.contains_key(&account) {
            return None;
        }
        state.struck.insert(account.clone(), mishap);
        if mishap != Mishap::AnswerLost {
            state.silent.insert(account);
        }
        Some(mishap)
    }

    fn learn(&self, request: &[u8], answer: &[u8]) {
        let (request, answer) = (String::from_utf8_lossy(request), String::from_utf8_lossy(answer));
        let role = Regex::new(r"RoleArn=arn%3Aaws%3Aiam%3A%3A(\d+)%3A").unwrap();
        let key = Regex::new(r"<AccessKeyId>([^<]+)</AccessKeyId>").unwrap();
        if let (Some(account), Some(key)) = (role.captures(&request), key.captures(&answer)) {
            self.state.lock().unwrap().accounts.insert(key[1].to_owned(), account[1].to_owned());
        }
    }
}

/// For good: whoever waits for an answer is killed.
fn silence<T>() -> Option<T> {
    loop {
        std::thread::park();
    }
}

/// One message in HTTP/1.1, as it came: head, and a body as long as the head says.
fn message(from: &mut impl BufRead, bare: bool) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    while !all.ends_with(b"\r\n\r\n") {
        if from.read_until(b'\n', &mut all).ok()? == 0 {
            return None;
        }
    }
    let head = String::from_utf8_lossy(&all).to_lowercase();
    let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name).map(str::trim).map(str::to_owned));
    let length: Option<usize> = field("content-length:").and_then(|length| length.parse().ok());
    let bodiless = bare || head.starts_with("http/1.1 204") || head.starts_with("http/1.1 304");
    if field("transfer-encoding:").is_some_and(|encoding| encoding.contains("chunked")) {
        chunks(from, &mut all)?;
    } else if let (Some(length), false) = (length, bodiless) {
        let start = all.len();
        all.resize(start + length, 0);
        from.read_exact(&mut all[start..]).ok()?;
    } else if head.starts_with("http/") && !bodiless {
        from.read_to_end(&mut all).ok()?;
    }
    Some(all)
}

fn chunks(from: &mut impl BufRead, all: &mut Vec<u8>) -> Option<()> {
    loop {
        let start = all.len();
        from.read_until(b'\n', all).ok()?;
        let line = String::from_utf8_lossy(&all[start..]).into_owned();
        let size = usize::from_str_radix(line.trim().split(';').next()?, 16).ok()?;
        let body = all.len();
        all.resize(body + size + 2, 0);
        from.read_exact(&mut all[body..]).ok()?;
        if size == 0 {
            return Some(());
        }
    }
}
