//! The reviews of a pull request, and whose approvals count. An approval counts while it is its author's last word, is about the very
//! commit that is the head, was given after the plan was shown, and comes from a person other than the pull request's author who may write to the repository.

use super::author::User;
use super::pulls::Pull;
use super::trouble::shown;
use super::wire::Wire;
use super::{GitHub, Trouble};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// A review as GitHub has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Review {
    id: u64,
    /// None where the account is gone.
    user: Option<User>,
    state: String,
    /// None while it is being written.
    #[serde(default)]
    submitted_at: Option<String>,
    /// None where the commit is gone.
    #[serde(default)]
    commit_id: Option<String>,
}

/// Who approved, and who would have but for something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Approvals {
    pub by: BTreeSet<String>,
    /// Approvals that don't count, by their author, with the reason.
    pub not: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Access {
    permission: String,
}

/// The approvals of a pull request's head, by those who saw the plan: it was shown at `shown`.
pub async fn approvals<W: Wire>(github: &GitHub<W>, pull: &Pull, shown: &str) -> Result<Approvals, Trouble> {
    let reviews: Vec<Review> = github.all(&github.path(format!("/pulls/{}/reviews", pull.number))).await?;
    let mut approvals = Approvals::default();
    for (login, review) in last_words(reviews) {
        let why_not = match objection(&review, pull, shown) {
            Some(objection) => Some(objection),
            None => may_not_write(github, &login).await?,
        };
        match why_not {
            None => drop(approvals.by.insert(login)),
            Some(why) => drop(approvals.not.insert(login, why)),
        }
    }
    Ok(approvals)
}

/// The last word of each, of those whose last word is an approval. A mere comment is no word about that; whatever state GitHub may add one
/// day takes an approval back, which at worst asks for another.
fn last_words(mut reviews: Vec<Review>) -> BTreeMap<String, Review> {
    reviews.retain(|review| !matches!(review.state.as_str(), "COMMENTED" | "PENDING"));
    reviews.sort_by(|one, other| (&one.submitted_at, one.id).cmp(&(&other.submitted_at, other.id)));
    let mut last = BTreeMap::new();
    for review in reviews {
        // GitHub's logins know no case; two spellings are one person.
        let login = review.user.as_ref().map(|user| user.login.to_lowercase());
        last.extend(login.map(|login| (login, review)));
    }
    last.retain(|_, review| review.state == "APPROVED");
    last
}

/// What an approval itself has against it.
fn objection(review: &Review, pull: &Pull, shown_at: &str) -> Option<String> {
    let login = |user: &Option<User>| user.as_ref().map(|user| user.login.to_lowercase());
    if login(&review.user) == login(&pull.user) {
        Some("is the author of the pull request".to_owned())
    } else if !review.user.as_ref().is_some_and(User::is_person) {
        Some("is no person".to_owned())
    } else if review.commit_id.as_deref() != Some(pull.head.sha.as_str()) {
        let commit = review.commit_id.as_deref().map_or_else(|| "a commit that is gone".to_owned(), shown);
        Some(format!("approved {commit}, which is not the head"))
    } else if review.submitted_at.as_deref().is_none_or(|submitted| submitted < shown_at) {
        Some("approved before this plan was shown".to_owned())
    } else {
        None
    }
}

/// In a public repository anybody can approve: those count who may write.
async fn may_not_write<W: Wire>(github: &GitHub<W>, login: &str) -> Result<Option<String>, Trouble> {
    let login = utf8_percent_encode(login, NON_ALPHANUMERIC);
    let access = github.find::<Access>(&github.path(format!("/collaborators/{login}/permission"))).await;
    match access {
        Ok(Some(Access { permission })) if matches!(permission.as_str(), "write" | "admin") => Ok(None),
        Ok(_) => Ok(Some("may not write to the repository".to_owned())),
        Err(trouble) if trouble.status == Some(403) => Ok(Some(format!("may perhaps not write to the repository: {}", trouble.detail))),
        Err(trouble) => Err(trouble),
    }
}

#[cfg(test)]
mod tests {
    use super::super::github::tests::{answer, script};
    use super::*;
    use serde_json::{Value, json};

    fn head() -> String {
        "c".repeat(40)
    }

    /// A review by a person; reviews are submitted in the order of their ids.
    fn review(id: u64, login: &str, state: &str, commit: &str) -> Value {
        let submitted = format!("2026-11-21T08:00:{id:02}Z");
        json!({ "id": id, "user": { "login": login, "type": "User" }, "state": state, "commit_id": commit, "submitted_at": submitted })
    }

    async fn counted(reviews: &[Value], permissions: &[&str]) -> Approvals {
        let permission = |text: &&str| match *text {
            "gone" => answer(404, &[], ""),
            "secret" => answer(403, &[], ""),
            permission => answer(200, &[], &json!({ "permission": permission }).to_string()),
        };
        let github = script([answer(200, &[], &json!(reviews).to_string())].into_iter().chain(permissions.iter().map(permission)));
        let pull = json!({ "number": 7, "user": { "login": "Ada", "type": "User" }, "head": { "sha": head() } });
        approvals(&github, &serde_json::from_value(pull).unwrap(), "2026-11-21T08:00:01Z").await.unwrap()
    }

    fn by(approvals: &Approvals) -> Vec<&str> {
        approvals.by.iter().map(String::as_str).collect()
    }

    #[tokio::test]
    async fn two_people_are_two_however_often_each_approves() {
        let reviews = [("grace", 1), ("Grace", 2), ("linus", 3)].map(|(login, id)| review(id, login, "APPROVED", &head()));
        assert_eq!(by(&counted(&reviews, &["write", "admin"]).await), ["grace", "linus"]);
    }

    #[tokio::test]
    async fn the_last_word_counts_and_a_comment_is_none() {
        let words =
            |states: &[&str]| -> Vec<Value> { states.iter().zip(1..).map(|(state, id)| review(id, "grace", state, &head())).collect() };
        assert_eq!(by(&counted(&words(&["APPROVED", "COMMENTED"]), &["write"]).await), ["grace"]);
        assert_eq!(by(&counted(&words(&["CHANGES_REQUESTED", "APPROVED"]), &["write"]).await), ["grace"]);
        for taken_back in ["CHANGES_REQUESTED", "DISMISSED", "SOMETHING_NEW"] {
            assert_eq!(counted(&words(&["APPROVED", taken_back]), &[]).await, Approvals::default(), "{taken_back}");
        }
    }

    #[tokio::test]
    async fn the_order_is_that_of_submission_and_not_of_the_list() {
        let reviews = [review(9, "grace", "CHANGES_REQUESTED", &head()), review(3, "grace", "APPROVED", &head())];
        assert_eq!(counted(&reviews, &[]).await, Approvals::default());
    }

    #[tokio::test]
    async fn what_does_not_count_is_told_with_its_reason() {
        let mut bot = review(3, "renovate[bot]", "APPROVED", &head());
        bot["user"]["type"] = json!("Bot");
        let reviews = [
            review(1, "ada", "APPROVED", &head()),
            review(2, "grace", "APPROVED", &"b".repeat(40)),
            bot,
            review(4, "linus", "APPROVED", &head()),
            review(5, "margaret", "APPROVED", &head()),
            review(6, "mallory", "APPROVED", &head()),
        ];
        let counted = counted(&reviews, &["read", "gone", "secret"]).await;
        assert_eq!(by(&counted), Vec::<&str>::new());
        let told: Vec<String> = counted.not.iter().map(|(login, why)| format!("{login} {why}")).collect();
        assert_eq!(
            told,
            [
                "ada is the author of the pull request",
                "grace approved bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb, which is not the head",
                "linus may not write to the repository",
                "mallory may not write to the repository",
                "margaret may perhaps not write to the repository: GET /repos/acme/infra/collaborators/margaret/permission: 403: ",
                "renovate[bot] is no person",
            ]
        );
    }

    #[tokio::test]
    async fn an_approval_of_an_earlier_plan_of_the_same_commit_does_not_count() {
        let counted = counted(&[review(0, "grace", "APPROVED", &head())], &[]).await;
        assert_eq!(counted.not.into_values().collect::<Vec<_>>(), ["approved before this plan was shown"]);
    }

    #[tokio::test]
    async fn those_whose_account_is_gone_do_not_count() {
        let mut ghost = review(1, "x", "APPROVED", &head());
        ghost["user"] = Value::Null;
        assert_eq!(counted(&[ghost], &[]).await, Approvals::default());
    }
}
