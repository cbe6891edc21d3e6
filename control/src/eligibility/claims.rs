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
            custom: None,
        })
    }
}
