//! The one comment: found by its marker and its author, updated in place, created when there is none, and one again after a race.
//!
//! Every attempt looks first: at the comments, then at the head of the pull request, right before it writes. So an attempt whose answer
//! was lost, or that had to wait, is simply made again: it finds what it wrote, and notices when it has become stale meanwhile.

use super::author::Author;
use super::comments::{self, Posted as Comment};
use super::trouble::{Kind, shown};
use super::wire::Wire;
use super::{GitHub, Trouble, pulls};
use crate::model::Name;
use crate::render::comment::Marker;

/// Where the comment belongs.
#[derive(Clone, Debug)]
pub struct Target {
    pub pull_request: u64,
    pub estate: Name,
    /// The commit that was planned.
    pub commit: String,
    pub author: Author,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Posted {
    Created {
        url: String,
    },
    Updated {
        url: String,
    },
    /// It says so already.
    Unchanged {
        url: String,
    },
    /// The pull request has another head by now: the run that plans it has the word.
    Stale {
        head: String,
    },
    /// The pull request was merged: the comment stays what it was reviewed as, and what `approval` reads.
    Merged,
}

/// Posts or updates the comment; `render` is given the body until now.
///
/// # Errors
/// GitHub refuses, or does not answer in time.
pub async fn upsert<W: Wire>(github: &GitHub<W>, target: &Target, render: impl Fn(Option<&str>) -> String) -> Result<Posted, Trouble> {
    github.patiently(async || attempt(github, target, &render).await).await
}

async fn attempt<W: Wire>(github: &GitHub<W>, target: &Target, render: &impl Fn(Option<&str>) -> String) -> Result<Posted, Trouble> {
    let found = look(github, target).await?;
    let pull = pulls::pull(github, target.pull_request).await?;
    if pull.merged_at.is_some() {
        return Ok(Posted::Merged);
    } else if pull.head.sha != target.commit {
        return Ok(Posted::Stale { head: pull.head.sha });
    }
    if let Some(kept) = found.first() {
        let posted = write(github, target, kept, render).await?;
        tidy(github, kept, &found[1..], None).await?;
        return Ok(posted);
    }
    let made = comments::create(github, target.pull_request, &render(None)).await?;
    settle(github, target, made, render).await
}

/// Looks again after creating: when two runs saw none and each made one, the older stays, whoever made it. Each run comes to the same
/// conclusion, and what it finds gone already the other has done.
async fn settle<W: Wire>(
    github: &GitHub<W>,
    target: &Target,
    made: Comment,
    render: &impl Fn(Option<&str>) -> String,
) -> Result<Posted, Trouble> {
    if !target.author.is(made.user.as_ref()) {
        return misnamed(github, target, &made).await;
    }
    let mut found = look(github, target).await?;
    if !found.iter().any(|comment| comment.id == made.id) {
        // A replica that lags behind, or the other run has deleted it: it is treated as there, which is right for both.
        found.push(made.clone());
        found.sort_by_key(|comment| comment.id);
    }
    let Some((kept, others)) = found.split_first() else { return Ok(Posted::Created { url: made.html_url }) };
    let posted = match kept.id == made.id {
        true => Posted::Created { url: made.html_url.clone() },
        false => write(github, target, kept, render).await?,
    };
    tidy(github, kept, others, Some(made.id)).await?;
    Ok(posted)
}

/// The author was named, and wrongly: the comment would never be found again, and each run would make one more.
async fn misnamed<W: Wire>(github: &GitHub<W>, target: &Target, made: &Comment) -> Result<Posted, Trouble> {
    comments::delete(github, made.id).await?;
    let (login, wanted) = (shown(made.login().unwrap_or("nobody")), &target.author);
    let detail = format!("comments of {wanted} are taken for ours, but with this token we write as {login}; the comment was deleted again");
    Err(Trouble::refused("the comment would not be found again", detail).hint(format!("--author '{login}', or another token")))
}

async fn look<W: Wire>(github: &GitHub<W>, target: &Target) -> Result<Vec<Comment>, Trouble> {
    let found = comments::ours(github, target.pull_request, &target.author, Some(&target.estate)).await?;
    Ok(found.into_iter().map(|(comment, _)| comment).collect())
}

async fn write<W: Wire>(
    github: &GitHub<W>,
    target: &Target,
    kept: &Comment,
    render: &impl Fn(Option<&str>) -> String,
) -> Result<Posted, Trouble> {
    let body = render(Some(kept.body()));
    if shows_the_same(kept.body(), &body) {
        return Ok(Posted::Unchanged { url: kept.html_url.clone() });
    }
    match comments::update(github, kept.id, &body).await {
        Ok(updated) => Ok(Posted::Updated { url: updated.html_url }),
        Err(trouble) if trouble.status == Some(404) => Err(gone(github, target, kept, trouble).await?),
        Err(trouble) => Err(trouble),
    }
}

/// Whether a comment shows the very plan of the very commit already. Then it is left as it is, other run or not: approvals count from its
/// last change on, and nobody has to give theirs twice because a job was run again.
fn shows_the_same(there: &str, body: &str) -> bool {
    let plan = |body: &str| Marker::of(body).and_then(|marker| Some((marker.plan?, marker.commit)));
    let same_plan = plan(there).is_some() && plan(there) == plan(body);
    same_plan || there.replace("\r\n", "\n").trim_end() == body.trim_end()
}

/// 404 to an update: the permission is missing, or somebody has deleted the comment since we looked. Then looking again helps.
async fn gone<W: Wire>(github: &GitHub<W>, target: &Target, kept: &Comment, trouble: Trouble) -> Result<Trouble, Trouble> {
    let is_there = look(github, target).await?.iter().any(|comment| comment.id == kept.id);
    Ok(if is_there { trouble } else { Trouble { kind: Kind::Unclear, ..trouble } })
}

/// Deletes the doubles of the comment that stays: the one that this run made, and those by the very author of the one that stays. Nobody
/// else's, whatever its marker says.
async fn tidy<W: Wire>(github: &GitHub<W>, kept: &Comment, others: &[Comment], made: Option<u64>) -> Result<(), Trouble> {
    let is_ours = |comment: &&Comment| Some(comment.id) == made || (comment.login().is_some() && comment.login() == kept.login());
    for double in others.iter().filter(is_ours) {
        comments::delete(github, double.id).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::github::tests::{answer, script};
    use super::super::wire::Answer;
    use super::*;
    use serde_json::{Value, json};

    fn body() -> String {
        let marker = Marker { estate: "acme".parse().unwrap(), plan: None, commit: "c".repeat(40), run: None, shown: Vec::new() };
        marker.line()
    }

    fn comment(id: u64, body: &str) -> Value {
        json!({ "id": id, "html_url": format!("u{id}"), "user": { "login": "landfall[bot]", "type": "Bot" }, "body": body })
    }

    fn list(comments: &[Value]) -> Result<Answer, String> {
        answer(200, &[], &json!(comments).to_string())
    }

    fn head(sha: char) -> Result<Answer, String> {
        answer(200, &[], &json!({ "number": 7, "user": null, "head": { "sha": sha.to_string().repeat(40) } }).to_string())
    }

    async fn posted(answers: Vec<Result<Answer, String>>) -> (Result<Posted, Trouble>, Vec<String>) {
        let github = script(answers);
        let (estate, author) = ("acme".parse().unwrap(), Author::AnyBot);
        let target = Target { pull_request: 7, estate, commit: "c".repeat(40), author };
        let outcome = upsert(&github, &target, |_| format!("new\n{}", body())).await;
        let path = |asked: &String| asked.replace("/repos/acme/infra", "").replace("?per_page=100&page=1", "");
        let asked = github.wire.asked.borrow().iter().map(path).collect();
        (outcome, asked)
    }

    const LIST: &str = "GET /issues/7/comments";
    const HEAD: &str = "GET /pulls/7";
    const POST: &str = "POST /issues/7/comments";

    #[tokio::test(start_paused = true)]
    async fn a_creation_whose_answer_was_lost_is_found_and_not_made_twice() {
        let made = comment(1, &format!("new\n{}", body()));
        let (outcome, asked) = posted(vec![list(&[]), head('c'), Err("reset".to_owned()), list(&[made]), head('c')]).await;
        assert_eq!(outcome.unwrap(), Posted::Unchanged { url: "u1".to_owned() });
        assert_eq!(asked, [LIST, HEAD, POST, LIST, HEAD]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_that_became_stale_while_it_waited_leaves_the_comment_alone() {
        let limit = answer(403, &[("retry-after", "300")], "");
        let newer = comment(1, &format!("newer\n{}", body()));
        let (outcome, asked) = posted(vec![list(&[]), head('c'), limit, list(&[newer]), head('d')]).await;
        assert_eq!(outcome.unwrap(), Posted::Stale { head: "d".repeat(40) });
        assert_eq!(asked, [LIST, HEAD, POST, LIST, HEAD]);
    }

    #[tokio::test]
    async fn of_two_that_raced_the_older_stays_with_the_newer_content() {
        let (older, mine) = (comment(1, &format!("older\n{}", body())), comment(2, &body()));
        let answers = vec![
            list(&[]),
            head('c'),
            answer(201, &[], &mine.to_string()),
            list(&[older.clone(), mine]),
            answer(200, &[], &older.to_string()),
        ];
        let (outcome, asked) = posted(answers.into_iter().chain([answer(404, &[], "")]).collect()).await;
        assert_eq!(outcome.unwrap(), Posted::Updated { url: "u1".to_owned() });
        assert_eq!(asked, [LIST, HEAD, POST, LIST, "PATCH /issues/comments/1", "DELETE /issues/comments/2"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_comment_that_somebody_deleted_meanwhile_is_made_again() {
        let old = comment(1, &format!("old\n{}", body()));
        let gone = vec![list(&[old]), head('c'), answer(404, &[], ""), list(&[])];
        let made = comment(2, &body());
        let again = vec![list(&[]), head('c'), answer(201, &[], &made.to_string()), list(&[made])];
        let (outcome, _) = posted(gone.into_iter().chain(again).collect()).await;
        assert_eq!(outcome.unwrap(), Posted::Created { url: "u2".to_owned() });
    }

    #[tokio::test]
    async fn doubles_of_other_authors_are_not_deleted() {
        let mut foreign = comment(2, &body());
        foreign["user"]["login"] = json!("other[bot]");
        let first = comment(1, &format!("new\n{}", body()));
        let (outcome, asked) = posted(vec![list(&[first, foreign]), head('c')]).await;
        assert_eq!(outcome.unwrap(), Posted::Unchanged { url: "u1".to_owned() });
        assert_eq!(asked, [LIST, HEAD]);
    }
}
