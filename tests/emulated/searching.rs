//! Looks for secrets in whatever a run left behind, in every form in which a program could have written them without meaning to. Answers
//! where and in which form; never what was found.

use aws_smithy_types::base64;
use std::collections::BTreeSet;
use std::path::Path;

/// What was left behind: a name for people, and the bytes.
pub type Traces = Vec<(String, Vec<u8>)>;

/// A secret in all its forms, each once, with its name.
fn forms(secret: &str) -> Vec<(&'static str, String)> {
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let json = serde_json::Value::from(secret).to_string();
    let json = json[1..json.len() - 1].to_owned();
    let url: String =
        secret.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("%{:02X}", c as u32) }).collect();
    let html: String =
        secret.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("&#x{:X};", c as u32) }).collect();
    let plain = [
        ("as it is", secret.to_owned()),
        ("backwards", secret.chars().rev().collect()),
        ("in hex", hex.clone()),
        ("in upper-case hex", hex.to_uppercase()),
        ("escaped for JSON", json.clone()),
        ("escaped for JSON, slashes too", json.replace('/', "\\/")),
        ("escaped for JSON twice", serde_json::Value::from(json.as_str()).to_string().trim_matches('"').to_owned()),
        ("encoded for URLs", url.clone()),
        ("encoded for URLs in lower case", lower(&url)),
        ("escaped for HTML", html),
    ];
    let bases = (0..3).flat_map(|before| {
        let standard = within_base64(secret, before);
        let safe = standard.replace('+', "-").replace('/', "_");
        [("in base64", standard), ("in base64 for URLs", safe)]
    });
    let mut told = BTreeSet::new();
    plain.into_iter().chain(bases).filter(|(_, form)| told.insert(form.clone())).collect()
}

fn lower(url: &str) -> String {
    let parts = url.split('%').enumerate();
    let parts = parts.map(|(at, part)| if at == 0 { part.to_owned() } else { part[..2].to_lowercase() + &part[2..] });
    parts.collect::<Vec<_>>().join("%")
}

/// The signs that a secret makes in the base64 of a longer text, with so many bytes (modulo three) before it: those at the edges depend on
/// its neighbours and are left out.
fn within_base64(secret: &str, before: usize) -> String {
    let whole = base64::encode(format!("{}{secret}", "x".repeat(before)));
    let signs: Vec<char> = whole.trim_end_matches('=').chars().collect();
    let first = [0, 2, 3][before];
    let last = signs.len() - usize::from(!(before + secret.len()).is_multiple_of(3));
    signs[first..last].iter().collect()
}

/// Where any of the secrets is, and in which form.
pub fn found(secrets: &BTreeSet<String>, traces: &Traces) -> BTreeSet<String> {
    let all: Vec<(&'static str, String)> = secrets.iter().flat_map(|secret| forms(secret)).collect();
    let mut found = BTreeSet::new();
    for (name, bytes) in traces {
        // Every form is ASCII: what is no text is replaced, and hides none.
        let text = String::from_utf8_lossy(bytes);
        found.extend(all.iter().filter(|(_, form)| text.contains(form.as_str())).map(|(how, _)| format!("{name}: {how}")));
    }
    found
}

/// Every file beneath a folder, whatever is in it, and every name.
pub fn files(folder: &Path) -> Traces {
    let mut all = Traces::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        let name = path.to_string_lossy().into_owned();
        all.push((format!("the name of {name}"), name.clone().into_bytes()));
        if kind.is_dir() {
            all.extend(files(&path));
        } else if kind.is_symlink() {
            all.push((format!("the aim of {name}"), std::fs::read_link(&path).unwrap().to_string_lossy().into_owned().into_bytes()));
        } else {
            all.push((name, std::fs::read(&path).unwrap()));
        }
    }
    all
}

#[test]
fn every_form_is_found_wherever_it_stands() {
    let secret = "wJalrXUtn/FEMI+K7MDENG/bPxRfiCYEXAMPLEKEY";
    let secrets = BTreeSet::from([secret.to_owned()]);
    let hides = |text: String| found(&secrets, &vec![("file".to_owned(), text.into_bytes())]);
    for (how, form) in forms(secret) {
        let seen = hides(format!("before {form} after"));
        assert!(seen.iter().any(|told| told.starts_with("file: ")), "{how}");
        assert!(seen.iter().all(|told| !told.contains(secret)));
    }
    for length in 0..6 {
        let text = format!("{}{secret}{}", "a".repeat(length), "b".repeat(length));
        assert!(hides(base64::encode(&text)).contains("file: in base64"), "{length}");
    }
    let mut binary = vec![0xff, 0x00, 0xc3];
    binary.extend(secret.bytes());
    binary.push(0xfe);
    assert_eq!(found(&secrets, &vec![("file".to_owned(), binary)]), ["file: as it is".to_owned()].into());
    assert_eq!(hides("wJalrXUtn/FEMI+K7MDENG/bPxRfiCYEXAMPLEKE".to_owned()), BTreeSet::new());
}
