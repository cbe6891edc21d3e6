//! `GET /dashboard/users`: users of this calendar month, those who are signed in now, or everybody; and
//! search, which always looks at everybody.

use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State as Shared};
use axum::http::StatusCode;
use axum::response::Response;
use portcullis::time::UnixSeconds;
use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, Time};

use super::super::allowed::Allowed;
use super::super::shell::Shell;
use super::super::shown::Shown;
use super::state::State;
use super::{ROWS, called};
use crate::api::list::{cursor, read_cursor};
use crate::api::scope::Scope;
use crate::service::Service;
use crate::storage::{ListedUser, UserListQuery, WhichUsers, words_of};
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::time::ShownTime;

/// The longest search, in bytes.
const LONGEST_SEARCH: usize = 256;

/// What the page's address says.
#[derive(Deserialize)]
pub struct ListQuery {
    #[serde(default)]
    q: String,
    #[serde(default)]
    show: Show,
    cursor: Option<String>,
}

/// Which users are shown without a search.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Show {
    #[default]
    Month,
    Now,
    Everybody,
}

/// Where a page begins: the list that it is part of, and the last user before it.
#[derive(Serialize, Deserialize)]
struct Cursor {
    show: Show,
    q: String,
    last: Option<UnixSeconds>,
    id: String,
}

#[derive(Template)]
#[template(path = "dashboard/users/list.html")]
struct ListTemplate<'a> {
    shell: Shell,
    q: &'a str,
    choices: [Choice; 3],
    count: String,
    empty: String,
    /// Whether the month has just begun, and people are signed in from before.
    signed_in_before: u64,
    users: Vec<Row>,
    next: Option<String>,
    is_first: bool,
    first: String,
    may_revoke: bool,
}

struct Choice {
    value: &'static str,
    text: &'static str,
    is_chosen: bool,
}

struct Row {
    id: String,
    who: Shown,
    name: Option<Shown>,
    providers: String,
    last_sign_in: Option<ShownTime>,
    sessions: u64,
    state: State,
}

/// `GET /dashboard/users`.
pub async fn show(
    Shared(service): Shared<Arc<Service>>,
    person: Allowed,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(query) = query.map_err(|_| Failure::BadQuery)?;
    let q = query.q.trim();
    if q.len() > LONGEST_SEARCH {
        return Err(Failure::BadQuery);
    }
    let after = match &query.cursor {
        Some(text) => Some(read_cursor::<Cursor>(text).ok_or(Failure::BadQuery)?),
        None => None,
    };
    if let Some(after) = &after
        && (after.show, after.q.as_str()) != (query.show, q)
    {
        return Err(Failure::BadQuery);
    }
    let now = service.now();
    let month = month_begin(now);
    let which = which(q, query.show, month);
    let count = service.storage.count_users(&which, now).await?;
    let mut users = service
        .storage
        .list_users(UserListQuery {
            which: &which,
            now,
            after: after.as_ref().map(|after| (after.last, after.id.as_str())),
            limit: ROWS + 1,
            count,
        })
        .await?;
    let has_more = users.len() > ROWS as usize;
    users.truncate(ROWS as usize);
    let next = users.last().filter(|_| has_more).map(|last| Cursor {
        show: query.show,
        q: q.to_owned(),
        last: last.last_sign_in_at,
        id: last.id.clone(),
    });
    let people = counted(count, which.counted_to());
    let signed_in_before = match (query.show, q, count) {
        (Show::Month, "", 0) => {
            let which = WhichUsers::SignedInNow;
            service.storage.count_users(&which, now).await?
        }
        _ => 0,
    };
    let page = ListTemplate {
        shell: person.shell(),
        q,
        choices: choices(query.show),
        count: told(people, (q, query.show), month, &users),
        empty: nobody(q, query.show),
        signed_in_before,
        next: next.map(|next| address(q, query.show, Some(&next))),
        is_first: after.is_none(),
        first: address(q, query.show, None),
        may_revoke: person.may(Scope::UsersRevoke),
        users: users.iter().map(|user| Row::of(user, now)).collect(),
    };
    person.respond(StatusCode::OK, &page)
}

fn which(q: &str, show: Show, month: UnixSeconds) -> WhichUsers {
    match show {
        _ if !q.is_empty() => WhichUsers::Found(words_of(q).into_iter().collect()),
        Show::Month => WhichUsers::SignedInSince(month),
        Show::Now => WhichUsers::SignedInNow,
        Show::Everybody => WhichUsers::Everybody,
    }
}

/// The first moment of the calendar month, in UTC.
fn month_begin(now: UnixSeconds) -> UnixSeconds {
    let begin = i64::try_from(now.get())
        .ok()
        .and_then(|now| OffsetDateTime::from_unix_timestamp(now).ok())
        .and_then(|now| now.replace_day(1).ok())
        .map(|day| day.replace_time(Time::MIDNIGHT).unix_timestamp());
    begin
        .and_then(|begin| u64::try_from(begin).ok())
        .map_or(now, UnixSeconds::new)
}

/// So many users, which were counted up to a limit.
fn counted(count: u64, limit: u64) -> String {
    match count {
        1 => "1 user".to_owned(),
        count if count > limit => format!("More than {} users", thousands(limit)),
        count => format!("{} users", thousands(count)),
    }
}

/// How many there are, in a sentence.
fn told(
    people: String,
    (q, show): (&str, Show),
    month: UnixSeconds,
    users: &[ListedUser],
) -> String {
    if !q.is_empty() {
        let before = |user: &&ListedUser| user.last_sign_in_at.is_none_or(|last| last < month);
        return match users.iter().filter(before).count() {
            0 => format!("{people} found."),
            1 => format!("{people} found. 1 on this page did not sign in this month."),
            many => format!("{people} found. {many} on this page did not sign in this month."),
        };
    }
    match show {
        Show::Month => format!("{people} signed in since {}, 00:00 UTC.", day(month)),
        Show::Now => format!("{people} signed in now."),
        Show::Everybody => format!("{people}."),
    }
}

fn nobody(q: &str, show: Show) -> String {
    match show {
        _ if !q.is_empty() => {
            "Nobody is found. A search finds the beginnings of the words of addresses and names."
                .to_owned()
        }
        Show::Month => "Nobody has signed in yet this month.".to_owned(),
        Show::Now => "Nobody is signed in now.".to_owned(),
        Show::Everybody => "There is nobody yet.".to_owned(),
    }
}

/// A day, such as 1 November 2026.
fn day(moment: UnixSeconds) -> String {
    let seconds = i64::try_from(moment.get()).unwrap_or(i64::MAX);
    OffsetDateTime::from_unix_timestamp(seconds).map_or_else(
        |_| String::new(),
        |day| format!("{} {} {}", day.day(), day.month(), day.year()),
    )
}

/// A number with a comma before each three digits.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn choices(chosen: Show) -> [Choice; 3] {
    let choice = |show, value, text| Choice {
        value,
        text,
        is_chosen: show == chosen,
    };
    [
        choice(Show::Month, "month", "Signed in this month"),
        choice(Show::Now, "now", "Signed in now"),
        choice(Show::Everybody, "everybody", "Everybody"),
    ]
}

/// The address of a page of this list.
fn address(q: &str, show: Show, after: Option<&Cursor>) -> String {
    let show = choices(show).into_iter().find(|choice| choice.is_chosen);
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("q", q);
    query.append_pair("show", show.map_or("month", |choice| choice.value));
    if let Some(cursor) = after.and_then(cursor) {
        query.append_pair("cursor", &cursor);
    }
    format!("/dashboard/users?{}", query.finish())
}

impl Row {
    fn of(user: &ListedUser, now: UnixSeconds) -> Self {
        let has_both = !user.name.is_empty() && !user.email.is_empty();
        Self {
            id: user.id.clone(),
            who: called(user),
            name: has_both.then(|| Shown::new(&user.name)),
            providers: match user.providers.as_slice() {
                [] => "password".to_owned(),
                providers => providers.join(", "),
            },
            last_sign_in: user.last_sign_in_at.map(ShownTime::at),
            sessions: user.sessions,
            state: State::of(user, now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_begins_on_its_first_day_in_utc() {
        // 2026-11-23T16:13:00Z
        let month = month_begin(UnixSeconds::new(1_795_450_380));
        assert_eq!(ShownTime::at(month).text, "2026-11-01 00:00 UTC");
        assert_eq!(day(month), "1 November 2026");
        assert_eq!(month_begin(month), month);
    }

    #[test]
    fn numbers_are_read_in_threes() {
        let read = [0, 999, 1_000, 39_585, 1_234_567].map(thousands);
        assert_eq!(read, ["0", "999", "1,000", "39,585", "1,234,567"]);
    }
}
