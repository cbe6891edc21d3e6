//! `GET /dashboard/applications/{audience}/policies/test`: asks the policy as it is about one person, or
//! about everybody who signed in of late.

use std::net::IpAddr;
use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::super::find;
use super::super::tabs::{Tab, tabs};
use super::verdict::{Share, Verdict};
use crate::administration::policies::answer::{PolicyQuestion, answer};
use crate::administration::policies::everybody::everybody;
use crate::dashboard::allowed::Allowed;
use crate::dashboard::shell::Shell;
use crate::dashboard::shown::Shown;
use crate::service::Service;
use crate::team_domain::page::failure::Failure;

/// Whom the page asks about.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Question {
    user: String,
    ip: String,
    everybody: bool,
}

#[derive(Template)]
#[template(path = "dashboard/applications/policies/test.html")]
struct TestTemplate {
    shell: Shell,
    tabs: Vec<Tab>,
    name: Shown,
    audience: String,
    /// What was typed.
    user: String,
    ip: String,
    wrong_ip: bool,
    verdict: Option<Verdict>,
    share: Option<Share>,
}

/// `GET /dashboard/applications/{audience}/policies/test`.
pub async fn show(
    State(service): State<Arc<Service>>,
    person: Allowed,
    Path(audience): Path<String>,
    question: Result<Query<Question>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(question) = question.map_err(|_| Failure::BadQuery)?;
    let application = find(&service, &audience).await?;
    let policy = &application.definition.policy;
    let (user, ip) = (question.user.trim(), question.ip.trim());
    let address: Option<IpAddr> = ip.parse().ok();
    let wrong_ip = address.is_none() && !ip.is_empty();
    let asked = PolicyQuestion {
        user: Some(user.to_owned()),
        ip: address,
        ..PolicyQuestion::default()
    };
    let verdict = match user {
        _ if wrong_ip => None,
        "" => None,
        _ => Some(answer(&service, policy, asked).await?),
    };
    let share = match question.everybody {
        true => Some(everybody(&service, policy).await?),
        false => None,
    };
    let page = TestTemplate {
        shell: person.shell(),
        tabs: tabs(&person, &application.audience),
        name: Shown::new(&application.definition.name),
        user: user.to_owned(),
        ip: ip.to_owned(),
        wrong_ip,
        verdict: verdict.as_ref().map(Verdict::of),
        share: share.as_ref().map(Share::of),
        audience: application.audience,
    };
    let status = if wrong_ip {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    person.respond(status, &page)
}
