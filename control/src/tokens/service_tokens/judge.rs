//! Whether a client id and a secret get an application token.

use portcullis::protocol::claims::{APPLICATION_TYPE, ApplicationClaims, TokenUse};
use portcullis::protocol::service_token::{ClientPair, LONGEST_TOKEN};
use portcullis::time::UnixSeconds;

use super::not_good::NotGood;
use crate::applications::{Admitted, Application};
use crate::service::Service;
use crate::storage::{ServiceFacts, ServiceToken};
use crate::system::randomness::NoRandomness;
use crate::tokens::secret::Plain;

/// A service token that may have an application token.
pub struct AdmittedService<'a> {
    service_token: &'a ServiceToken,
    application: &'a Application,
    admitted: Admitted,
    version: u64,
    /// When the secret that was shown stops being good.
    end: UnixSeconds,
}

/// Judges a pair by the facts. The first rule that fails is the reason.
///
/// # Errors
/// Why it gets no application token.
pub fn judge<'a>(
    facts: &'a ServiceFacts,
    application: &'a Application,
    pair: &ClientPair<'_>,
    now: UnixSeconds,
) -> Result<AdmittedService<'a>, NotGood> {
    let service_token = facts.service_token.as_ref().ok_or(NotGood::Unknown)?;
    let end = good_until(service_token, pair, now).ok_or(NotGood::WrongSecret)?;
    if service_token.disabled {
        return Err(NotGood::Disabled);
    }
    if service_token.expires_at <= now {
        return Err(NotGood::Expired);
    }
    let admitted = application.definition.admit_service(&service_token.name);
    Ok(AdmittedService {
        service_token,
        application,
        admitted: admitted.ok_or(NotGood::NotAdmitted)?,
        version: facts.version,
        end,
    })
}

impl AdmittedService<'_> {
    /// The service token.
    #[must_use]
    pub fn service_token(&self) -> &ServiceToken {
        self.service_token
    }

    /// The rule that admits it.
    #[must_use]
    pub fn admitted(&self) -> &Admitted {
        &self.admitted
    }

    /// The claims of a new application token.
    ///
    /// # Errors
    /// When there is no randomness for its id.
    pub fn claims(&self, service: &Service) -> Result<ApplicationClaims, NoRandomness> {
        let now = service.now();
        let longest = self.admitted.longest_token().min(LONGEST_TOKEN);
        let subject = self.service_token.subject();
        Ok(ApplicationClaims {
            iss: service.team_domain.to_string(),
            aud: vec![self.application.audience.clone()],
            kind: APPLICATION_TYPE.to_owned(),
            sub: subject.clone(),
            // A program has no address, and must not be taken for the person who has one.
            email: String::new(),
            sid: subject,
            jti: service.random.id()?,
            iat: now,
            nbf: now,
            exp: (now + longest).min(self.end),
            session_exp: self.end,
            auth_time: now,
            ver: self.version,
            // The secret was shown now.
            auth_ver: self.version,
            rule: self.admitted.rule.clone(),
            cnf: None,
            usage: Some(TokenUse::Header),
            every_navigation: false,
            groups: None,
            groups_truncated: false,
            custom: None,
        })
    }
}

/// Until when the secret of a pair is good; `None` if it is not. Both secrets are compared, in
/// constant time.
fn good_until(
    token: &ServiceToken,
    pair: &ClientPair<'_>,
    now: UnixSeconds,
) -> Option<UnixSeconds> {
    let shown = Plain::new(pair.secret().to_owned());
    let is_present = token.secret_hash.is_of(&shown);
    let old = token.old_secret.as_ref();
    let old_until = old
        .filter(|old| old.hash.is_of(&shown))
        .map(|old| old.until);
    if is_present {
        return Some(token.expires_at);
    }
    old_until
        .filter(|until| *until > now)
        .map(|until| until.min(token.expires_at))
}
