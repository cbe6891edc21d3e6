//! `/dashboard/proxies/forget?credential=…&instance=…` asks, the POST forgets the proxy.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::super::confirm::Question;
use super::super::fields::Fields;
use super::super::fresh::Fresh;
use super::{Which, find};
use crate::administration::proxies::{self, Named};
use crate::feed::proxies::{ProxyState, Standing};
use crate::service::Service;
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::redirect::redirect;

const LIST: (&str, &str) = ("Proxies", "/dashboard/proxies");

/// `GET /dashboard/proxies/forget`. Without a name, the list shows which there are.
pub async fn ask(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(which) = which.map_err(|_| Failure::BadQuery)?;
    if which.instance.is_empty() {
        return redirect(StatusCode::FOUND, LIST.1);
    }
    question(&find(&service, &which).await?).ask(fresh.person())
}

/// `POST /dashboard/proxies/forget`.
pub async fn forget(
    State(service): State<Arc<Service>>,
    fresh: Fresh,
    which: Result<Query<Which>, QueryRejection>,
    fields: Fields,
) -> Result<Response, Failure> {
    let Query(which) = which.map_err(|_| Failure::BadQuery)?;
    let named = Named {
        instance: &which.instance,
        credential: Some(&which.credential),
    };
    let by = fresh.person().acting(&fields);
    match proxies::forget(&service, named, &by).await? {
        0 => Err(Failure::NotFound),
        _ => redirect(StatusCode::SEE_OTHER, "/dashboard/proxies?done=forgotten"),
    }
}

fn question(one: &Standing) -> Question<'_> {
    Question {
        act: "Forget",
        to: &one.proxy.instance,
        from: LIST,
        warning: match one.state {
            ProxyState::Live => "It still polls. It will be known again at its next poll.",
            _ => "",
        },
        facts: vec![
            ("Last heard from", one.proxy.address.clone()),
            ("Now", "revocations no longer wait for it".to_owned()),
            (
                "Not stopped",
                "if it still runs, it may let people in by what it has: make sure that it is gone first"
                    .to_owned(),
            ),
            (
                "Undone",
                "by itself: a proxy that polls again is known again".to_owned(),
            ),
        ],
        button: "Forget the proxy",
        ends: true,
        is_typed: false,
        to_agree: None,
    }
}
