//! `POST refresh`: a new application token for one that has expired, or soon will.
//!
//! The session, the user, the policy and all revocations are judged again, as of one moment of
//! the database, whose version goes into the new token. A token that a revocation refuses is
//! never refreshed, even while its session lives: its user comes back through the team domain.
//! Calls for one token get the same new one for ten seconds, from every replica, so that tabs and
//! workers that refresh at the same time do not replace each other's; each is judged all the same.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use portcullis::protocol::calls::{RefreshAnswer, RefreshRequest};
use portcullis::protocol::claims::{APPLICATION_TYP, ApplicationClaims};
use portcullis::protocol::origin::Origin;

use super::error::ApiError;
use super::identity::{Body, FilterIdentity};
use super::shown_token;
use crate::service::Service;
use crate::storage::{AddedRefresh, IssuedToken, OldToken, RefreshView, Session};
use crate::tokens::admission::{self, Admission};

const REPEATABLE_SECONDS: u64 = 10;

pub async fn refresh(
    State(service): State<Arc<Service>>,
    identity: FilterIdentity,
    Body(request): Body<RefreshRequest>,
) -> Result<Json<RefreshAnswer>, ApiError> {
    let call = Call::new(&service, &identity, &request)?;
    let view = service.storage.refresh_view(call.old()).await?;
    let admission = call.judge(&view)?;
    if let Some(issued) = call.repeatable(&view, &admission) {
        return call.answer(&admission, issued);
    }
    let mut issued = admission::claims(&service, &admission, call.token.cnf.clone())?;
    // It proves the sign-in that the old one proved: a later one of the same session may have been
    // made by somebody else who holds other cookies.
    issued.auth_time = issued.auth_time.min(call.token.auth_time);
    issued.auth_ver = issued.auth_ver.min(call.token.auth_ver);
    issued.session_exp = issued.session_exp.min(call.token.session_exp);
    issued.exp = issued.exp.min(issued.session_exp);
    let issued_at = issued.iat.get();
    if issued.every_navigation {
        // It opens no navigation that the old one does not: those ask the team domain.
        issued.iat = issued.iat.min(call.token.iat);
    }
    let stored = IssuedToken {
        issued_at,
        claims: serde_json::to_string(&issued)?,
    };
    match service
        .storage
        .add_refresh(call.old(), &view, &stored)
        .await?
    {
        AddedRefresh::Added => {
            tracing::info!(
                session = issued.sid,
                audience = call.audience,
                version = issued.ver,
                "application token refreshed"
            );
            call.answer(&admission, issued)
        }
        AddedRefresh::SessionEnded => Err(ApiError::SessionEnded),
        AddedRefresh::Raced => call.follow().await,
    }
}

/// A call whose token, binding and origin are good.
struct Call<'a> {
    service: &'a Service,
    token: ApplicationClaims,
    audience: String,
    origin: Origin,
}

impl<'a> Call<'a> {
    fn new(
        service: &'a Service,
        identity: &FilterIdentity,
        request: &RefreshRequest,
    ) -> Result<Self, ApiError> {
        let token = shown_token::claims(service, identity, &request.token)?;
        // Tokens for scripts and services end when they end.
        if token.usage.is_some() {
            return Err(ApiError::TokenInvalid);
        }
        shown_token::check_binding(&token, request.binding_secret.as_deref())?;
        let audience = token.aud.first().ok_or(ApiError::TokenInvalid)?.clone();
        let origin = request
            .origin
            .parse()
            .map_err(|_| ApiError::OriginUnknown)?;
        Ok(Self {
            service,
            token,
            audience,
            origin,
        })
    }

    fn old(&self) -> OldToken<'_> {
        OldToken {
            id: &self.token.jti,
            user_id: &self.token.sub,
            session_id: &self.token.sid,
            audience: &self.audience,
        }
    }

    /// Everything that must hold for a new token to be given, or given again.
    fn judge<'v>(&self, view: &'v RefreshView) -> Result<Admission<'v>, ApiError> {
        let now = self.service.now();
        let application = view
            .application
            .as_ref()
            .filter(|application| application.definition.is_at(&self.origin))
            .ok_or(ApiError::OriginUnknown)?;
        if view.user_blocked_until > now {
            return Err(ApiError::UserBlocked {
                retry_after: view.user_blocked_until - now,
            });
        }
        let session = view
            .session
            .as_ref()
            .filter(|session| session.expires_at > now && self.token.session_exp.get() > now)
            .ok_or(ApiError::SessionEnded)?;
        self.check_revocations(view, session)?;
        if application.definition.binding_cookie && self.token.cnf.is_none() {
            return Err(ApiError::LoginRequired);
        }
        let admitted = application
            .definition
            .admit(&session.email)
            .ok_or(ApiError::PolicyDenied)?;
        Ok(Admission {
            session,
            application,
            admitted,
            version: view.version,
        })
    }

    /// Versions are compared, never clocks. Even a revocation that has run out counts here.
    fn check_revocations(&self, view: &RefreshView, session: &Session) -> Result<(), ApiError> {
        let signed_in = self.token.auth_ver.min(session.auth_ver);
        let mut revocations = view.revocations.iter();
        if revocations.any(|one| one.fresh && signed_in < one.version) {
            return Err(ApiError::LoginRequired);
        }
        let mut revocations = view.revocations.iter();
        if revocations.any(|one| !one.fresh && self.token.ver < one.version) {
            return Err(ApiError::SessionEnded);
        }
        Ok(())
    }

    /// The token that an earlier call got, while it is the one to give now.
    fn repeatable(
        &self,
        view: &RefreshView,
        admission: &Admission<'_>,
    ) -> Option<ApplicationClaims> {
        let now = self.service.now();
        let earlier = view.earlier.as_ref()?;
        // Another replica's clock may be ahead.
        let recent = earlier.issued_at.abs_diff(now) <= REPEATABLE_SECONDS;
        let claims: ApplicationClaims = serde_json::from_str(&earlier.claims).ok()?;
        (recent && claims.exp.get() > now && claims.rule == admission.admitted.rule)
            .then_some(claims)
    }

    /// Another call stored its token first: that one is the answer.
    async fn follow(&self) -> Result<Json<RefreshAnswer>, ApiError> {
        let view = self.service.storage.refresh_view(self.old()).await?;
        let admission = self.judge(&view)?;
        let issued = self.repeatable(&view, &admission);
        // Stored and gone again in one moment: something ended it.
        self.answer(&admission, issued.ok_or(ApiError::SessionEnded)?)
    }

    fn answer(
        &self,
        admission: &Admission<'_>,
        issued: ApplicationClaims,
    ) -> Result<Json<RefreshAnswer>, ApiError> {
        Ok(Json(RefreshAnswer {
            token: self.service.keys.sign(APPLICATION_TYP, &issued)?,
            session_exp: issued.session_exp,
            cookie: admission.application.definition.cookie,
        }))
    }
}
