//! Results on stdout: written whole, and quietly given up when nobody reads them any more.

use super::Failure;
use std::io::{IsTerminal, Write};

/// Prints a result. A reader that has gone, such as `head`, is no failure.
///
/// # Errors
/// Stdout can't be written to, such as a full disk.
pub fn print(text: &str) -> Result<(), Failure> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::new("the output can't be written", error)),
        _ => Ok(()),
    }
}

/// Whether a stream is a terminal whose user has not asked to do without colour (no-color.org).
pub fn colour(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
