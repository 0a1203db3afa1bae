//! The few requests to the emulator's own interface: HTTP/1.1 over loopback, one request a connection.

use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// On loopback an answer takes milliseconds; a busy emulator may take some seconds.
const LIMIT: Duration = Duration::from_secs(20);

/// Sends one request to a port on loopback, and returns the status and the whole answer.
///
/// # Errors
/// Nobody listens, or nothing intelligible came back in time.
pub(super) async fn request(port: u16, method: &str, path: &str, body: &str) -> std::io::Result<(u16, String)> {
    let slow = |_| std::io::Error::new(std::io::ErrorKind::TimedOut, "no answer in time");
    tokio::time::timeout(LIMIT, exchange(port, method, path, body)).await.map_err(slow)?
}

async fn exchange(port: u16, method: &str, path: &str, body: &str) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n");
    stream.write_all(format!("{head}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}").as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    let strange = || std::io::Error::new(std::io::ErrorKind::InvalidData, "the answer is not HTTP");
    Ok((status.ok_or_else(strange)?, answer))
}
