//! The claims of a new application token.

use portcullis::protocol::claims::{APPLICATION_TYPE, ApplicationClaims, Confirmation};

use super::Admission;
use crate::service::Service;
use crate::system::randomness::NoRandomness;

impl Admission<'_> {
    /// The claims of a new token, which `cnf` binds.
    ///
    /// # Errors
    /// When there is no randomness for its id.
    pub fn claims(
        &self,
        service: &Service,
        cnf: Option<Confirmation>,
    ) -> Result<ApplicationClaims, NoRandomness> {
        let session = self.session;
        if let Some(groups) = &self.groups
            && groups.left_out > 0
        {
            tracing::warn!(
                session = session.id,
                user = session.user_id,
                application = self.application.definition.name,
                audience = self.application.audience,
                forwarded = groups.groups.len(),
                left_out = groups.left_out,
                "not all groups of the user fit: the application gets the first ones"
            );
        }
        let now = service.now();
        let every_navigation = self.admitted.session_duration.is_zero();
        let end = now + self.admitted.longest_token();
        Ok(ApplicationClaims {
            iss: service.team_domain.to_string(),
            aud: vec![self.application.audience.clone()],
            kind: APPLICATION_TYPE.to_owned(),
            sub: session.user_id.clone(),
            email: session.email.clone(),
            sid: session.id.clone(),
            jti: service.random.id()?,
            iat: now,
            nbf: now,
            exp: end.min(session.expires_at),
            session_exp: session.expires_at,
            auth_time: session.auth_time,
            ver: self.version,
            auth_ver: session.auth_ver,
            rule: self.admitted.rule.clone(),
            cnf,
            usage: None,
            every_navigation,
            groups: self.groups.as_ref().map(|groups| groups.groups.clone()),
            groups_truncated: self
                .groups
                .as_ref()
                .is_some_and(|groups| groups.left_out > 0),
            custom: None,
        })
    }
}
