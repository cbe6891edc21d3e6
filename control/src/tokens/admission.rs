//! The claims of an application token, from what was found good.

use portcullis::protocol::claims::{APPLICATION_TYPE, ApplicationClaims, Confirmation};
use portcullis::time::UnixSeconds;

use crate::applications::{Admitted, Application};
use crate::service::Service;
use crate::storage::Session;
use crate::system::randomness::NoRandomness;

/// Session, application and policy, found good at one moment of the database.
pub struct Admission<'a> {
    /// The global session.
    pub session: &'a Session,
    /// The application.
    pub application: &'a Application,
    /// By which rule of its policy, and for how long.
    pub admitted: Admitted,
    /// The feed's version at that moment.
    pub version: u64,
}

/// A new token's claims.
pub fn claims(
    service: &Service,
    admission: &Admission<'_>,
    cnf: Option<Confirmation>,
) -> Result<ApplicationClaims, NoRandomness> {
    let (session, application) = (admission.session, admission.application);
    let now = UnixSeconds::new(service.now());
    let session_exp = UnixSeconds::new(session.expires_at);
    let every_navigation = admission.admitted.session_duration.is_zero();
    let end = now + admission.admitted.longest_token();
    Ok(ApplicationClaims {
        iss: service.team_domain.to_string(),
        aud: vec![application.audience.clone()],
        kind: APPLICATION_TYPE.to_owned(),
        sub: session.user_id.clone(),
        email: session.email.clone(),
        sid: session.id.clone(),
        jti: service.random.id()?,
        iat: now,
        nbf: now,
        exp: end.min(session_exp),
        session_exp,
        auth_time: UnixSeconds::new(session.auth_time),
        ver: admission.version,
        auth_ver: session.auth_ver,
        rule: admission.admitted.rule.clone(),
        cnf,
        usage: None,
        every_navigation,
        custom: None,
    })
}
