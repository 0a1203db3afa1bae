//! Whoever listens to notices, for one test: takes what it is sent, and answers well, badly or not at all. Gone with the test.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What came.
#[derive(Clone, Debug)]
pub struct Heard {
    pub path: String,
    /// In lower case.
    pub head: String,
    pub body: String,
}

pub struct Listener {
    port: u16,
    heard: Arc<Mutex<Vec<Heard>>>,
}

impl Listener {
    /// Answers below `/broken` with 500, below `/silent` never.
    pub fn start() -> Listener {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, heard) = (listener.local_addr().unwrap().port(), Arc::new(Mutex::new(Vec::new())));
        let all = heard.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let all = all.clone();
                std::thread::spawn(move || serve(stream, &all));
            }
        });
        Listener { port, heard }
    }

    pub fn at(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// What came below a path.
    pub fn heard(&self, path: &str) -> Vec<Heard> {
        self.heard.lock().unwrap().iter().filter(|heard| heard.path.starts_with(path)).cloned().collect()
    }
}

fn serve(stream: TcpStream, all: &Mutex<Vec<Heard>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    while let Some(heard) = request(&mut reader) {
        let path = heard.path.clone();
        all.lock().unwrap().push(heard);
        let status = match path {
            path if path.starts_with("/silent") => continue,
            path if path.starts_with("/broken") => "500 Internal Server Error",
            _ => "200 OK",
        };
        if write!(&stream, "HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\nok").is_err() {
            return;
        }
    }
}

fn request(reader: &mut impl BufRead) -> Option<Heard> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let path = head.split(' ').nth(1)?.to_owned();
    let head = head.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Heard { path, head, body: String::from_utf8(body).ok()? })
}
