//! The hidden last line of a comment: which estate it is of, and which plan it shows. What is parsed from it is untrusted: anybody who
//! may edit comments may have written it.

use crate::model::{Digest, Name};
use serde::{Deserialize, Serialize};

/// What a marker begins with; the rest is JSON, and the end of an HTML comment.
const BEGIN: &str = "<!-- landfall ";
const END: &str = " -->";

/// What a comment says of itself to programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    pub estate: Name,
    /// Of the plan that the comment shows; none where planning failed.
    pub plan: Option<Digest>,
    /// The commit that was planned.
    pub commit: String,
    /// The workflow run that holds the plan file, by its id at GitHub.
    pub run: Option<u64>,
    /// Each pattern and outlier by its digest, shortened, so that the next comment can tell what changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shown: Vec<String>,
}

impl Marker {
    /// The last line of the comment: at its top, an email of plain text would begin with it.
    ///
    /// # Panics
    /// Never: a marker is plain data.
    pub fn line(&self) -> String {
        // `-->` would end the comment early; JSON knows another way to write a `>`.
        let json = serde_json::to_string(self).expect("plain data has a JSON form").replace('>', "\\u003e").replace("--", "-\\u002d");
        format!("{BEGIN}{json}{END}")
    }

    /// The marker of a comment's body, if it has one and it is whole.
    pub fn of(body: &str) -> Option<Marker> {
        let line = body.lines().rfind(|line| !line.trim().is_empty())?;
        serde_json::from_str(line.strip_prefix(BEGIN)?.strip_suffix(END)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_read_as_it_was_written_and_never_ends_early() {
        let marker = Marker {
            estate: "acme".parse().unwrap(),
            plan: Some(Digest::of(&1)),
            commit: "--> <script>".to_owned(),
            run: Some(7),
            shown: vec!["a".to_owned()],
        };
        let line = marker.line();
        assert_eq!(line.matches("-->").count(), 1);
        assert_eq!(Marker::of(&format!("more\r\n{line}\r\n\n")), Some(marker));
        assert_eq!(Marker::of(&format!("{line}\nquoted by somebody")), None);
        assert_eq!(Marker::of("<!-- landfall {} -->"), None);
        assert_eq!(Marker::of("a comment of somebody's"), None);
    }
}
