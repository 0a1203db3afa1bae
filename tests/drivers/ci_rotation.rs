//! A rotation, looked at after every single call that it makes: what Secrets Manager holds, and what GitHub holds, opens the account at
//! each of these moments, also when a call in between fails.

use crate::bench::made;
use crate::ci::{REPOSITORY, delivered, heard, here, key, make_user, stand_in, used};
use crate::github::GitHub;
use landfall::aws::Session;
use landfall::kinds::Spec;
use landfall::model::{Call, OnCall};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};

const PUT: &str = "github:PutEnvironmentSecret";

/// What was seen after a call.
struct Moment {
    after: String,
    /// The id and the secret of the key in Secrets Manager, of the one at GitHub, and of its halves there.
    stored: [String; 2],
    whole: [String; 2],
    halves: [String; 2],
    /// The ids of the keys that open the account.
    active: Vec<String>,
}

/// Looks after every call, from the time on that it is told to.
#[derive(Clone, Default)]
struct Eyes(Arc<Mutex<Option<Asking>>>);

/// The end of a call, and where to say that one has looked.
type Asking = Sender<(String, Sender<()>)>;

impl Eyes {
    fn on_call(&self) -> OnCall {
        let eyes = self.clone();
        Arc::new(move |call: &Call<'_>| {
            let asking = eyes.0.lock().unwrap().clone();
            if let Some(asking) = asking {
                let (seen, done) = channel();
                asking.send((call.operation.to_owned(), seen)).unwrap();
                // The driver's call does not return before somebody has looked.
                done.recv().unwrap();
            }
        })
    }

    /// Looks at all that happens within `what`, on a thread and with clients of its own.
    async fn watching(&self, id: &str, github: &Arc<GitHub>, what: impl Future<Output = ()>) -> Vec<Moment> {
        let (asking, asked) = channel::<(String, Sender<()>)>();
        let (id, github) = (id.to_owned(), github.clone());
        let watcher = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let at = runtime.block_on(heard(&id, &github, true, Arc::new(|_: &Call<'_>| ())));
            let look = |(after, seen): (String, Sender<()>)| {
                let moment = runtime.block_on(moment(&at, &github, after));
                seen.send(()).unwrap();
                moment
            };
            asked.into_iter().map(look).collect()
        });
        *self.0.lock().unwrap() = Some(asking);
        what.await;
        *self.0.lock().unwrap() = None;
        watcher.join().unwrap()
    }
}

async fn moment(at: &Session, github: &GitHub, after: String) -> Moment {
    let now = delivered(at, github).await;
    let listed = at.iam().list_access_keys().user_name("ci-publish").send().await.unwrap();
    let active = listed.access_key_metadata().iter().filter(|key| key.status().is_some_and(|status| status.as_str() == "Active"));
    let active = active.filter_map(|key| key.access_key_id().map(str::to_owned)).collect();
    let whole = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].map(|half| now.whole[half].as_str().unwrap_or_default().to_owned());
    Moment { after, stored: now.stored, whole, halves: now.github, active }
}

/// Both hold a key that works, whole. Answers how many moments GitHub's halves were of two keys.
fn works(moments: &[Moment]) -> usize {
    let mut secrets: BTreeMap<&str, &str> = BTreeMap::new();
    for Moment { stored: [id, secret], after, .. } in moments {
        assert_eq!(*secrets.entry(id).or_insert(secret), secret, "after {after}: Secrets Manager never holds a part of a key");
    }
    for Moment { after, stored, whole, halves, active } in moments {
        assert!(active.contains(&stored[0]), "after {after}: the key in Secrets Manager does not work");
        let [id, secret] = whole;
        assert!(active.contains(id) && secrets[id.as_str()] == secret, "after {after}: the key at GitHub does not work");
        let owner = secrets.iter().find(|(_, secret)| **secret == halves[1]).map(|(id, _)| (*id).to_owned());
        let both = [Some(halves[0].clone()), owner];
        assert!(
            both.iter().flatten().filter(|id| active.contains(id)).count() == 2,
            "after {after}: a half at GitHub is of no key that works"
        );
    }
    let torn = |moment: &&Moment| secrets.get(moment.halves[0].as_str()) != Some(&moment.halves[1].as_str());
    moments.iter().filter(torn).count()
}

/// Brings the key to where it should be, as a run does that plans first; whether it could.
async fn run(at: &Session, want: &Spec) -> bool {
    let seen = Spec::find(at, &here()).await.unwrap().unwrap();
    want.update(at, &here(), &seen.id, &Spec::changes(&seen.spec, want)).await.is_ok()
}

/// From a first key to a second one alone, with these faults at GitHub while the second one is made.
async fn rotated(id: &str, faults: serde_json::Value) -> Vec<Moment> {
    let github = Arc::new(stand_in());
    let eyes = Eyes::default();
    let at = heard(id, &github, true, eyes.on_call()).await;
    make_user(&at).await;
    made(&at, &here(), &key(90, &[REPOSITORY])).await;
    let first = delivered(&at, &github).await;
    let old_enough = key(0, &[REPOSITORY]);
    github.set(&json!({ "faults": faults }));
    let fails = faults.as_array().is_some_and(|faults| !faults.is_empty());
    let moments = eyes.watching(id, &github, async {
        assert_eq!(run(&at, &old_enough).await, !fails);
        github.set(&json!({ "faults": [] }));
        assert!(run(&at, &old_enough).await);
        let second = delivered(&at, &github).await;
        assert_eq!((&second.github, second.keys.len()), (&second.stored, 2));
        assert_ne!(second.stored, first.stored);
        used(&second).await;
        assert!(run(&at, &old_enough).await);
        let last = delivered(&at, &github).await;
        assert_eq!((last.stored, last.keys), (second.stored.clone(), [second.stored[0].clone()].into()), "the old one goes");
    });
    moments.await
}

#[tokio::test]
async fn at_every_moment_of_a_rotation_a_key_works() {
    let moments = rotated("222222222311", json!([])).await;
    let operations: Vec<&str> = moments.iter().map(|moment| moment.after.as_str()).collect();
    for operation in ["iam:CreateAccessKey", "secretsmanager:PutSecretValue", PUT, "iam:DeleteAccessKey"] {
        assert!(operations.contains(&operation), "{operation} was looked at: {operations:?}");
    }
    // From the write of one half to that of the other: why there is one secret that holds both.
    assert!((1..=2).contains(&works(&moments)));
}

#[tokio::test]
async fn a_rotation_that_fails_at_github_leaves_a_key_that_works() {
    // A fault that nobody knows lets its request through.
    let put = |fault: &str| json!({ "operation": "actions/create-or-update-environment-secret", "fault": fault });
    let key = json!({ "operation": "actions/get-environment-public-key", "fault": "forbidden" });
    let faults = [
        json!([key]),
        json!([put("forbidden")]),
        json!([put("none"), put("forbidden")]),
        json!([put("none"), put("none"), put("forbidden")]),
        json!([put("lost")]),
    ];
    for (at, faults) in faults.into_iter().enumerate() {
        works(&rotated(&format!("22222222232{at}"), faults).await);
    }
}
