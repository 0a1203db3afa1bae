//! Code and settings of functions, which are compared by what they come to: the package by its SHA-256, as AWS tells it, and what is set
//! in AWS and in no file by a digest, because it may be a secret. Packages are the same to the byte wherever they are made.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;

/// The files of a function's package: their texts by their names, such as `handler.py: ${file.handler.py}`.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
#[schemars(with = "BTreeMap<String, String>")]
pub enum Code {
    /// Found, never declared: what AWS tells of a package.
    Found(FoundCode),
    Files(BTreeMap<String, String>),
}

/// The SHA-256 of a package, in base64.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoundCode {
    pub code_sha256: String,
}

impl Code {
    pub fn found(sha256: &str) -> Code {
        Code::Found(FoundCode { code_sha256: sha256.to_owned() })
    }

    /// The package, where its files are known.
    pub fn package(&self) -> Option<Vec<u8>> {
        match self {
            Code::Found(_) => None,
            Code::Files(files) => Some(zip(files)),
        }
    }

    /// As Lambda tells it in `CodeSha256`.
    pub fn sha256(&self) -> String {
        match self {
            Code::Found(found) => found.code_sha256.clone(),
            Code::Files(files) => aws_smithy_types::base64::encode(Sha256::digest(zip(files))),
        }
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Code) -> bool {
        self.sha256() == other.sha256()
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "package with SHA-256 {}", self.sha256())
    }
}

/// A value of a function's environment. What was found is held as its digest: somebody may have put a secret there.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Setting(String);

/// What a found value begins with. A declared value that begins so would be taken for a digest, and differ for ever.
const DIGEST: &str = "sha256:";

impl Setting {
    pub fn found(text: &str) -> Setting {
        Setting(digest(text))
    }

    /// The declared text.
    pub fn text(&self) -> &str {
        &self.0
    }

    fn digest(&self) -> String {
        if self.0.starts_with(DIGEST) { self.0.clone() } else { digest(&self.0) }
    }
}

fn digest(text: &str) -> String {
    let bytes = Sha256::digest(text.as_bytes());
    DIGEST.to_owned() + &bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
}

impl PartialEq for Setting {
    fn eq(&self, other: &Setting) -> bool {
        self.digest() == other.digest()
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.starts_with(DIGEST) { "another value" } else { &self.0 })
    }
}

/// The first day that a zip file can tell: what is packed has no date of its own.
const DATE: u16 = 1 << 5 | 1;
/// Version 2.0 of the format, which everything reads.
const VERSION: u16 = 20;
/// The same, made under Unix, so that the permissions below count.
const MADE_BY: u16 = 3 << 8 | VERSION;
/// A regular file that everybody may read: Lambda runs it as a user of its own.
const PERMISSIONS: u32 = 0o100_644 << 16;

/// A zip file of texts: stored and not deflated, in the order of their names, without dates. So its bytes depend on the texts alone,
/// and on no library's version.
fn zip(files: &BTreeMap<String, String>) -> Vec<u8> {
    let (mut whole, mut directory) = (Vec::new(), Vec::new());
    for (name, text) in files {
        let about = about(name, text);
        let at = length(whole.len());
        whole.extend([b"PK\x03\x04".as_slice(), &VERSION.to_le_bytes(), &about, name.as_bytes(), text.as_bytes()].concat());
        let rest = [0_u16.to_le_bytes(); 3].concat();
        let tail = [&rest[..], &PERMISSIONS.to_le_bytes(), &at.to_le_bytes(), name.as_bytes()].concat();
        directory.extend([b"PK\x01\x02".as_slice(), &MADE_BY.to_le_bytes(), &VERSION.to_le_bytes(), &about, &tail].concat());
    }
    let count = u16::try_from(files.len()).unwrap_or(u16::MAX).to_le_bytes();
    let (from, size) = (length(whole.len()).to_le_bytes(), length(directory.len()).to_le_bytes());
    whole.extend(directory);
    whole.extend([b"PK\x05\x06\0\0\0\0".as_slice(), &count, &count, &size, &from, &[0, 0]].concat());
    whole
}

/// What both headers of a file say of it: flags, method, time, date, checksum, sizes, and the lengths of the name and of nothing more.
fn about(name: &str, text: &str) -> Vec<u8> {
    let plain = [0_u16, 0, 0, DATE].map(u16::to_le_bytes).concat();
    let size = length(text.len()).to_le_bytes();
    let name = u16::try_from(name.len()).unwrap_or(u16::MAX).to_le_bytes();
    [plain.as_slice(), &crc32(text.as_bytes()).to_le_bytes(), &size, &size, &name, &[0, 0]].concat()
}

/// Files are at most `config::LARGEST` each, far below what 32 bits hold.
fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// The checksum of zip files (ISO 3309), bit by bit: packages are small.
fn crc32(bytes: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0xEDB8_8320;
    let bit = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ POLYNOMIAL } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), bit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> BTreeMap<String, String> {
        [("handler.py", "def handler(event, context):\n    return {}\n"), ("a.json", "{}")].map(|(n, t)| (n.into(), t.into())).into()
    }

    #[test]
    fn a_package_is_the_same_to_the_byte() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926, "the check value of the standard");
        let hex: String = zip(&files()).iter().take(34).map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "504b03041400000000000000210043bfa6a3020000000200000006000000612e6a73");
        assert_eq!(Code::Files(files()).sha256(), "xWF+R9djP0fF49m6/VIIFti4ad1BTfRM14DlXFxtc+g=");
    }

    /// Whoever changes the handler changes this along with it; whoever did not, and sees it differ, has broken the packing.
    #[test]
    fn the_shipped_canary_is_the_same_to_the_byte() {
        let handler = include_str!("../../modules/canary/handler.py");
        let code = Code::Files([("handler.py".to_owned(), handler.to_owned())].into());
        assert_eq!((code.sha256().as_str(), code.package().unwrap().len()), ("1Ox2M3ttW0QgaBbXgStKhKg1Qz/ghoNraq9DXJIATXc=", 7208));
    }

    #[test]
    fn code_is_compared_by_its_package() {
        let declared = Code::Files(files());
        assert_eq!(declared, Code::found(&declared.sha256()));
        assert_ne!(declared, Code::Files(BTreeMap::new()));
        let text = serde_json::to_string(&Code::found("x")).unwrap();
        assert_eq!(text, r#"{"code_sha256":"x"}"#);
        assert_eq!(serde_json::from_str::<Code>(&text).unwrap(), Code::found("x"));
    }

    #[test]
    fn a_value_that_nobody_declared_is_not_shown() {
        let found = Setting::found("hunter2");
        assert_eq!((found.to_string().as_str(), found == Setting("hunter2".into())), ("another value", true));
        assert!(!serde_json::to_string(&found).unwrap().contains("hunter2"));
    }
}
