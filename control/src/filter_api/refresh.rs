//! `POST refresh`: a new application token for one that has expired, or soon will.
//!
//! Session, user, policy and all revocations are judged again ([`crate::eligibility`]). A token
//! that a revocation refuses is never refreshed, even if its session is live: its user returns
//! through the team domain. For ten seconds all calls for one token get the same new one, from
//! every replica, so that concurrent tabs and workers do not replace each other's tokens. Each call
//! is judged.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use portcullis::protocol::calls::{RefreshAnswer, RefreshRequest};
use portcullis::protocol::claims::ApplicationClaims;
use portcullis::protocol::origin::Origin;

use super::error::ApiError;
use super::identity::{Body, FilterIdentity};
use super::shown_token::{self, ShownToken};
use super::told::told;
use crate::audit::EventName;
use crate::eligibility::{self, Admission, ReplacedToken};
use crate::metrics::IssuedFor;
use crate::service::Service;
use crate::storage::{AddedRefresh, FoundRefresh, IssuedToken, OldToken, ShownSignIn};
use crate::tokens::told::of_token;

const REPEATABLE: Duration = Duration::from_secs(10);

pub async fn refresh(
    State(service): State<Arc<Service>>,
    identity: FilterIdentity,
    Body(request): Body<RefreshRequest>,
) -> Result<Json<RefreshAnswer>, ApiError> {
    let call = Call::new(&service, &identity, &request).await?;
    call.check_place().await?;
    let found = service.storage.find_refresh(call.old()).await?;
    let admission = call
        .judge(&found)
        .inspect_err(|error| call.log_refusal(&found, error))?;
    if let Some(issued) = call.repeatable(&found, &admission) {
        return call.answer(&admission, issued).await;
    }
    let mut issued = admission.claims(&service, call.token.cnf.clone())?;
    let issued_at = issued.iat;
    if issued.every_navigation {
        // The new token admits no navigation that the old one does not: navigations go through the
        // team domain.
        issued.iat = issued.iat.min(call.token.iat);
    }
    let stored = IssuedToken {
        issued_at,
        claims: serde_json::to_string(&issued)?,
    };
    let event = told(EventName::SessionRefreshed, &identity, &issued);
    let application = &admission.application.definition;
    let event = of_token(event, application, &admission.admitted, &issued);
    match service
        .storage
        .add_refresh(call.old(), &found, &stored, event)
        .await?
    {
        AddedRefresh::Added => {
            service.metrics.token_issued(IssuedFor::Refresh);
            tracing::info!(
                session = issued.sid,
                user = issued.sub,
                email = issued.email,
                application = admission.application.definition.name,
                audience = call.audience,
                version = issued.ver,
                "application token refreshed"
            );
            call.answer(&admission, issued).await
        }
        AddedRefresh::SessionEnded => Err(ApiError::SessionEnded),
        AddedRefresh::Raced => call.follow().await,
    }
}

/// A call whose token, binding and origin are valid.
struct Call<'a> {
    service: &'a Service,
    token: ApplicationClaims,
    /// The sign-in that the token proves, which the new one proves too. A later one of the same
    /// session may have been made by a person who holds other cookies.
    shown: ShownSignIn,
    audience: String,
    origin: Origin,
}

impl<'a> Call<'a> {
    async fn new(
        service: &'a Service,
        identity: &FilterIdentity,
        request: &RefreshRequest,
    ) -> Result<Self, ApiError> {
        let ShownToken {
            claims: token,
            key_refusals,
        } = shown_token::verified(service, identity, &request.token).await?;
        // Tokens for scripts are never refreshed.
        if token.usage.is_some() {
            return Err(ApiError::TokenInvalid);
        }
        shown_token::check_binding(&token, request.binding_secret.as_deref())?;
        let audience = token.aud.first().ok_or(ApiError::TokenInvalid)?.clone();
        let origin = request
            .origin
            .parse()
            .map_err(|_| ApiError::OriginUnknown)?;
        let shown = ShownSignIn {
            session_id: token.sid.clone(),
            auth_time: token.auth_time,
            auth_ver: token.auth_ver,
            session_end: token.session_exp,
            key_refusals,
        };
        Ok(Self {
            service,
            token,
            shown,
            audience,
            origin,
        })
    }

    /// Whether the application is still reached at the origin: another one may name it exactly.
    async fn check_place(&self) -> Result<(), ApiError> {
        let (storage, team_domain) = (&self.service.storage, &self.service.team_domain);
        let there = storage
            .applications_reached_at(&self.origin, team_domain)
            .await?;
        if there.iter().any(|one| one.audience == self.audience) {
            Ok(())
        } else {
            Err(ApiError::OriginUnknown)
        }
    }

    fn old(&self) -> OldToken<'_> {
        OldToken {
            id: &self.token.jti,
            user_id: &self.token.sub,
            shown: &self.shown,
            audience: &self.audience,
        }
    }

    /// Judges whether a new token is given, or given again.
    fn judge<'v>(&self, found: &'v FoundRefresh) -> Result<Admission<'v>, ApiError> {
        if !found.facts.is_at(&self.origin) {
            return Err(ApiError::OriginUnknown);
        }
        let replaced = ReplacedToken {
            version: self.token.ver,
            is_bound: self.token.cnf.is_some(),
        };
        let now = self.service.now();
        Ok(eligibility::judge(&found.facts, Some(replaced), now)?)
    }

    fn log_refusal(&self, found: &FoundRefresh, error: &ApiError) {
        tracing::info!(
            session = self.token.sid,
            user = self.token.sub,
            email = self.token.email,
            application = found.facts.application_name(),
            audience = self.audience,
            %error,
            "application token not refreshed"
        );
    }

    /// The token that an earlier call got, if it is still the right answer.
    fn repeatable(
        &self,
        found: &FoundRefresh,
        admission: &Admission<'_>,
    ) -> Option<ApplicationClaims> {
        let now = self.service.now();
        let earlier = found.earlier.as_ref()?;
        // Another replica's clock may be ahead.
        let recent = earlier.issued_at.abs_diff(now) <= REPEATABLE;
        let claims: ApplicationClaims = serde_json::from_str(&earlier.claims).ok()?;
        let groups = admission.groups.as_ref().map(|groups| &groups.groups);
        let same = claims.rule == admission.admitted.rule && claims.groups.as_ref() == groups;
        (recent && claims.exp > now && same).then_some(claims)
    }

    /// Another call stored its token first: that one is the answer.
    async fn follow(&self) -> Result<Json<RefreshAnswer>, ApiError> {
        let found = self.service.storage.find_refresh(self.old()).await?;
        let admission = self.judge(&found)?;
        let issued = self.repeatable(&found, &admission);
        // The other call's token is already gone: something ended it.
        let issued = issued.ok_or(ApiError::SessionEnded)?;
        self.answer(&admission, issued).await
    }

    async fn answer(
        &self,
        admission: &Admission<'_>,
        issued: ApplicationClaims,
    ) -> Result<Json<RefreshAnswer>, ApiError> {
        let keys = self.service.keys().await?;
        Ok(Json(RefreshAnswer {
            token: keys.sign_for(self.shown.key_refusals, &issued)?,
            session_exp: issued.session_exp,
            cookie: admission.application.definition.cookie,
        }))
    }
}
