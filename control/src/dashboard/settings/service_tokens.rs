//! Service tokens.

pub mod change;
pub mod list;
pub mod make;
pub mod rotate;

use axum::response::Response;
use portcullis::protocol::service_token::client_id;

use super::super::allowed::Allowed;
use super::super::secret::Made;
use crate::service::Service;
use crate::storage::ServiceToken;
use crate::team_domain::page::failure::Failure;
use crate::tokens::service_tokens::MadeServiceToken;

/// The list, from which the other pages come.
const LIST: (&str, &str) = ("Service tokens", "/dashboard/settings/service-tokens");

async fn find(service: &Service, id: &str) -> Result<ServiceToken, Failure> {
    let mut tokens = service.storage.service_tokens().await?.into_iter();
    let token = tokens.find(|token| token.id == id);
    token.ok_or(Failure::NotFound)
}

/// Shows a secret that was made, once.
fn show_secret(person: &Allowed, made: &MadeServiceToken) -> Result<Response, Failure> {
    Made {
        what: "service token",
        name: &made.stored.name,
        facts: vec![("Client id", client_id(&made.stored.id))],
        word: "Client secret",
        secret: &made.secret,
        then: "The program sends it as x-access-client-secret, and the client id as x-access-client-id. A \
               policy admits it by a rule with the action service and the name of the service token.",
        list: LIST,
    }
    .show(person)
}
