//! `GET /dashboard/settings/filter-credentials/{id}/revoke` asks, the POST revokes.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;

use super::super::super::confirm::Question;
use super::super::super::fields::Fields;
use super::super::super::fresh::Fresh;
use super::super::super::revocations;
use super::LIST;
use crate::administration::filter_credentials::{self, KnownCredential};
use crate::service::Service;
use crate::team_domain::page::failure::Failure;
use crate::words::counted;

/// `GET /dashboard/settings/filter-credentials/{id}/revoke`.
pub async fn ask(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let known = find(&service, &id).await?;
    question(&known).ask(fresh.person())
}

/// `POST /dashboard/settings/filter-credentials/{id}/revoke`.
pub async fn revoke(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    Path(id): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let person = fresh.person();
    let known = find(&service, &id).await?;
    if let Some(asked) = question(&known).check(person, fields.text("typed")) {
        return asked;
    }
    let revoked = filter_credentials::revoke(&service, &person.acting(&fields), &id).await?;
    revocations::made(revoked.ok_or(Failure::NotFound)?.version)
}

async fn find(service: &Service, id: &str) -> Result<KnownCredential, Failure> {
    let mut all = filter_credentials::all(service).await?.into_iter();
    let found = all.find(|known| known.credential.id == id);
    found.ok_or(Failure::NotFound)
}

fn question(known: &KnownCredential) -> Question<'_> {
    let credential = &known.credential;
    let name = match credential.name.as_str() {
        "" => &credential.id,
        name => name,
    };
    let proxies = counted(known.live_proxies, "proxy follows", "proxies follow");
    Question {
        act: "Revoke the filter credential",
        to: name,
        from: LIST,
        warning: match known.live_proxies {
            0 => "",
            _ => "It is in use: give the proxies another credential first.",
        },
        facts: vec![
            ("Now", format!("{proxies} the feed with it")),
            (
                "Then",
                "they get no more changes: they go on with what they have until it is stale, and then do what \
                 when_stale in their configuration says; nobody new can sign in through them"
                    .to_owned(),
            ),
            ("Undone", "never: make a new one instead".to_owned()),
        ],
        button: "Revoke the credential",
        ends: true,
        is_typed: known.live_proxies > 0,
        to_agree: None,
    }
}
