//! Amazon S3: buckets, whose names are the whole world's, and what is in them: texts, each in its last version. Conditional writes are
//! decided here one after the other, as S3 decides them.

use super::At;
use super::paging::page;
use super::s3control::{given, shown};
use super::wire::{Answer, Asked, Body, Fault, Reply, element, fault};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Keys in a page, by default and at the most.
const PAGE: usize = 1000;
/// The Region that has no name in a bucket's location.
const UNSPOKEN: &str = "us-east-1";

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct S3 {
    buckets: BTreeMap<String, Bucket>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Bucket {
    owner: String,
    region: String,
    is_versioned: bool,
    /// What is kept from the public, by the names that S3 gives it.
    block: BTreeMap<String, String>,
    objects: BTreeMap<String, Object>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Object {
    text: String,
    kind: String,
    version: Option<String>,
}

impl S3 {
    pub(super) fn answer(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let (name, key) = place(asked);
        if asked.operation == "CreateBucket" {
            return self.create(at, asked, name);
        }
        let bucket = self.bucket(at, asked, &name)?;
        match asked.operation.as_str() {
            "HeadBucket" => reply(200, vec![("x-amz-bucket-region", bucket.region.clone())], ""),
            "PutBucketVersioning" => {
                bucket.is_versioned = between(&String::from_utf8_lossy(&asked.body), "Status") == Some("Enabled");
                answered("")
            }
            "PutPublicAccessBlock" => {
                bucket.block = given(asked);
                answered("")
            }
            "GetPublicAccessBlock" => answered(shown(&bucket.block)),
            "ListObjectsV2" => answered(bucket.list(asked, &name)),
            "GetObject" => bucket.get(&key),
            "PutObject" => bucket.put(at, asked, key),
            "DeleteObject" => {
                bucket.objects.remove(&key);
                reply(204, Vec::new(), "")
            }
            other => fault("NotImplemented", format!("the simulated S3 has no {other}")),
        }
    }

    fn create(&mut self, at: &At<'_>, asked: &Asked, name: String) -> Answer {
        let body = String::from_utf8_lossy(&asked.body);
        let is_sign = |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || ".-".contains(sign);
        if !(3..=63).contains(&name.len()) || !name.chars().all(is_sign) {
            return refused(400, "InvalidBucketName", "The specified bucket is not valid.");
        }
        if between(&body, "LocationConstraint").unwrap_or(UNSPOKEN) != at.region {
            let why = "The location constraint is incompatible for the region specific endpoint this request was sent to.";
            return refused(400, "IllegalLocationConstraintException", why);
        }
        match self.buckets.get(&name) {
            Some(known) if known.owner == at.account => refused(
                409,
                "BucketAlreadyOwnedByYou",
                "Your previous request to create the named bucket succeeded and you already own it.",
            ),
            Some(_) => refused(409, "BucketAlreadyExists", "The requested bucket name is not available."),
            None => {
                let place = vec![("location", format!("/{name}"))];
                let bucket =
                    Bucket { owner: at.account.to_owned(), region: at.region.to_owned(), block: every_block(), ..Bucket::default() };
                self.buckets.insert(name, bucket);
                reply(200, place, "")
            }
        }
    }

    /// The bucket that is asked for, if it is there, the caller's own, and whose the caller takes it to be.
    fn bucket(&mut self, at: &At<'_>, asked: &Asked, name: &str) -> Result<&mut Bucket, Fault> {
        let Some(bucket) = self.buckets.get_mut(name) else {
            return refused(404, "NoSuchBucket", "The specified bucket does not exist");
        };
        let is_expected = asked.headers.get("x-amz-expected-bucket-owner").is_none_or(|owner| *owner == bucket.owner);
        if bucket.owner != at.account || !is_expected {
            return refused(403, "AccessDenied", "Access Denied");
        }
        if bucket.region != at.region {
            return refused(
                301,
                "PermanentRedirect",
                "The bucket you are attempting to access must be addressed using the specified endpoint.",
            );
        }
        Ok(bucket)
    }
}

impl Bucket {
    fn list(&self, asked: &Asked, name: &str) -> String {
        let query = |name: &str| asked.query.get(name).cloned().unwrap_or_default();
        let prefix = query("prefix");
        let found = self.objects.iter().filter(|(key, _)| key.starts_with(&prefix));
        let most = query("max-keys").parse().unwrap_or(PAGE).clamp(1, PAGE);
        let (found, next) = page(found, &query("continuation-token"), most);
        let head = [
            ("Name", name),
            ("Prefix", &prefix),
            ("KeyCount", &found.len().to_string()),
            ("MaxKeys", &most.to_string()),
            ("IsTruncated", &next.is_some().to_string()),
        ];
        let mut inner: String = head.iter().map(|(name, value)| element(name, value)).collect();
        inner.extend(next.map(|next| element("NextContinuationToken", &next)));
        inner.extend(found.into_iter().map(|(key, object)| {
            let size = object.text.len().to_string();
            format!("<Contents>{}</Contents>", element("Key", key) + &element("ETag", &object.tag()) + &element("Size", &size))
        }));
        format!("<ListBucketResult>{inner}</ListBucketResult>")
    }

    fn get(&self, key: &str) -> Answer {
        match self.objects.get(key) {
            Some(object) => {
                let headers = [("etag", object.tag()), ("content-type", object.kind.clone())];
                reply(200, headers.into_iter().chain(object.version()).collect(), object.text.clone())
            }
            None => refused(404, "NoSuchKey", "The specified key does not exist."),
        }
    }

    /// Writes an object, if what is there is what the writer takes it to be.
    fn put(&mut self, at: &mut At<'_>, asked: &Asked, key: String) -> Answer {
        let header = |name: &str| asked.headers.get(name).map(String::as_str);
        let known = self.objects.get(&key).map(Object::tag);
        let failed = |condition: &str| {
            let why = "At least one of the pre-conditions you specified did not hold";
            refused(412, "PreconditionFailed", format!("{why}: {condition}"))
        };
        match (header("if-match"), header("if-none-match"), &known) {
            (Some(_), _, None) => return refused(404, "NoSuchKey", "The specified key does not exist."),
            (Some(wanted), _, Some(tag)) if wanted.trim_matches('"') != tag.trim_matches('"') => return failed("If-Match"),
            (_, Some("*"), Some(_)) => return failed("If-None-Match"),
            (_, Some(other), _) if other != "*" => return refused(501, "NotImplemented", "S3 knows If-None-Match: * alone"),
            _ => {}
        }
        let Some(text) = body(asked).and_then(|body| String::from_utf8(body).ok()) else {
            return refused(501, "NotImplemented", "the simulated S3 keeps whole texts alone");
        };
        let version = self.is_versioned.then(|| at.id("", 32));
        let object = Object { text, kind: header("content-type").unwrap_or("binary/octet-stream").to_owned(), version };
        let headers = [("etag", object.tag())].into_iter().chain(object.version()).collect();
        self.objects.insert(key, object);
        reply(200, headers, "")
    }
}

impl Object {
    /// What tells contents apart. S3's own is opaque, too; the same content has the same.
    fn tag(&self) -> String {
        let digest = Sha256::digest(&self.text);
        let digits: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        format!("\"{digits}\"")
    }

    fn version(&self) -> Option<(&'static str, String)> {
        self.version.clone().map(|version| ("x-amz-version-id", version))
    }
}

/// What an operation is called, by its method, its path and its query.
pub(super) fn operation(asked: &Asked) -> &'static str {
    let has = |name: &str| asked.query.contains_key(name);
    match (asked.method.as_str(), place(asked).1.is_empty()) {
        ("HEAD", true) => "HeadBucket",
        ("PUT", true) if has("versioning") => "PutBucketVersioning",
        ("PUT", true) if has("publicAccessBlock") => "PutPublicAccessBlock",
        ("GET", true) if has("publicAccessBlock") => "GetPublicAccessBlock",
        ("GET", true) if has("list-type") => "ListObjectsV2",
        ("PUT", true) if !asked.query.keys().any(|name| name != "x-id") => "CreateBucket",
        ("GET", false) => "GetObject",
        ("PUT", false) => "PutObject",
        ("DELETE", false) => "DeleteObject",
        _ => "",
    }
}

/// The bucket and the key: the bucket is the first part of the path, or else of the host's name.
fn place(asked: &Asked) -> (String, String) {
    let of_host = asked.headers.get("host").and_then(|host| host.split_once(".s3.")).map(|(bucket, _)| bucket.to_owned());
    let mut path = asked.path.iter();
    let bucket = of_host.or_else(|| path.next().cloned()).unwrap_or_default();
    (bucket, path.cloned().collect::<Vec<_>>().join("/"))
}

/// What a request sends, out of the chunks in which the SDK sends what it doesn't have as a whole. None where they don't fit.
fn body(asked: &Asked) -> Option<Vec<u8>> {
    let is_chunked = asked.headers.get("content-encoding").is_some_and(|encoding| encoding.contains("aws-chunked"));
    if !is_chunked {
        return Some(asked.body.clone());
    }
    let (mut rest, mut whole) = (asked.body.as_slice(), Vec::new());
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n")?;
        let line = std::str::from_utf8(rest.get(..end)?).ok()?;
        let length = usize::from_str_radix(line.split(';').next().unwrap_or_default(), 16).ok()?;
        if length == 0 {
            return Some(whole);
        }
        rest = rest.get(end + 2..)?;
        whole.extend_from_slice(rest.get(..length)?);
        rest = rest.get(length.checked_add(2)?..)?;
    }
}

/// The text between `<name>` and `</name>`, of which there is one.
pub(super) fn between<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    Some(rest.split_once(&format!("</{name}>"))?.0)
}

/// What S3 blocks of a new bucket: everything.
fn every_block() -> BTreeMap<String, String> {
    super::s3control::BLOCKS.iter().map(|block| ((*block).to_owned(), "true".to_owned())).collect()
}

pub(super) fn answered(xml: impl Into<String>) -> Answer {
    reply(200, vec![("content-type", "application/xml".to_owned())], xml)
}

fn reply(status: u16, headers: Vec<(&'static str, String)>, body: impl Into<String>) -> Answer {
    Ok(Body::Whole(Reply { status, headers, body: body.into().into_bytes() }))
}

pub(super) fn refused<T>(status: u16, code: &str, message: impl Into<String>) -> Result<T, Fault> {
    Err(Fault { status, code: code.to_owned(), message: message.into() })
}
