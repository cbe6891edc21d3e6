//! `POST service`: an application token for the client id and the secret of a service token.
//!
//! A mistyped secret is refused by its checksum. Service token and policy are judged as of one moment
//! of the database, whose version goes into the token, as at an exchange. Each call makes a new token.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use portcullis::protocol::calls::{ServiceAnswer, ServiceRequest};
use portcullis::protocol::claims::APPLICATION_TYP;
use portcullis::protocol::origin::Origin;
use portcullis::protocol::service_token::ClientPair;

use super::error::ApiError;
use super::identity::{Body, FilterIdentity};
use crate::audit::{Actor, Event, EventName, Subject};
use crate::metrics::IssuedFor;
use crate::service::Service;
use crate::storage::ServiceToken;
use crate::tokens::service_tokens::judge::judge;
use crate::tokens::service_tokens::not_good::NotGood;
use crate::tokens::service_tokens::note_use;
use crate::tokens::told::of_token;

pub async fn service(
    State(service): State<Arc<Service>>,
    identity: FilterIdentity,
    Body(request): Body<ServiceRequest>,
) -> Result<Json<ServiceAnswer>, ApiError> {
    let call = Call {
        service: &service,
        identity: &identity,
        request: &request,
    };
    let pair = ClientPair::parse(
        request.client_id.as_bytes(),
        request.client_secret.as_bytes(),
    )
    .map_err(|malformed| call.refused(NotGood::Malformed(malformed), None, None))?;
    let origin = call.origin().await?;
    let audience = &request.audience;
    let facts = service.storage.service_facts(pair.id(), audience).await?;
    let application = facts.application.as_ref();
    let application = application
        .filter(|application| application.definition.is_at(&origin))
        .ok_or(ApiError::OriginUnknown)?;
    let admitted = judge(&facts, application, &pair, service.now())
        .map_err(|why| call.refused(why, Some(&pair), facts.service_token.as_ref()))?;
    let claims = admitted.claims(&service)?;
    let keys = service.keys().await?;
    let token = keys.sign(APPLICATION_TYP, &claims)?;
    let by = Actor::ServiceToken {
        id: pair.id().to_owned(),
        name: admitted.service_token().name.clone(),
    };
    let subject = Subject::application(audience, &application.definition.name);
    let event = Event::new(EventName::TokenIssued, &by.into(), subject)
        .detail("for", "service")
        .detail("expires_at", claims.exp.get())
        .detail("credential", identity.id());
    let event = of_token(event, &application.definition, admitted.admitted(), &claims);
    service.storage.add_event(event).await?;
    note_use(&service, admitted.service_token()).await;
    service.metrics.token_issued(IssuedFor::Service);
    tracing::info!(
        service_token = pair.id(),
        name = admitted.service_token().name,
        application = application.definition.name,
        audience,
        version = claims.ver,
        "application token issued to a service token"
    );
    Ok(Json(ServiceAnswer { token }))
}

struct Call<'a> {
    service: &'a Service,
    identity: &'a FilterIdentity,
    request: &'a ServiceRequest,
}

impl Call<'_> {
    /// The origin, if the application is reached there and the filter may know of it.
    async fn origin(&self) -> Result<Origin, ApiError> {
        let origin = self.request.origin.parse::<Origin>();
        let origin = origin.map_err(|_| ApiError::OriginUnknown)?;
        let (storage, team_domain) = (&self.service.storage, &self.service.team_domain);
        let there = storage
            .applications_reached_at(&origin, team_domain)
            .await?;
        let asked = &self.request.audience;
        let is_there = there.iter().any(|one| one.audience == *asked);
        if is_there && self.identity.sees(asked) {
            Ok(origin)
        } else {
            Err(ApiError::OriginUnknown)
        }
    }

    /// Counts a refusal, and logs it unless there are too many.
    fn refused(
        &self,
        why: NotGood,
        pair: Option<&ClientPair<'_>>,
        token: Option<&ServiceToken>,
    ) -> ApiError {
        self.service.metrics.service_refused(why);
        let limit = &self.service.refused_services_logged;
        let key = limit.key(self.identity.id());
        if limit.take(key, self.service.clock.now()).is_ok() {
            tracing::info!(
                // What has not the form of an id may be anything, such as a secret.
                service_token = pair.map(ClientPair::id),
                name = token.map(|token| token.name.as_str()),
                origin = self.request.origin,
                credential = self.identity.id(),
                why = why.as_str(),
                "no application token for a service token"
            );
        }
        why.into()
    }
}
