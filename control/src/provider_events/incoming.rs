//! A report that has come in, and what is done with every one that was verified.

use std::net::{IpAddr, Ipv4Addr};

use portcullis::time::UnixSeconds;

use super::fault::ReportFault;
use super::refusal::Refusal;
use super::subject_id::SubjectId;
use crate::audit::source::Source;
use crate::audit::{Actor, Initiator};
use crate::identity_providers::IdentityProvider;
use crate::service::Service;
use crate::sign_in::email::normal_or_text;
use crate::storage::{
    EndedByProvider, ProviderReport, ReportId, ReportOutcome, ReportedPerson, UserRevocation,
};

/// A report to the endpoint of a provider, counted as a failure until it is accepted.
pub struct Incoming<'a> {
    service: &'a Service,
    /// The provider.
    pub provider: &'a IdentityProvider,
    by: Initiator,
    key: u64,
}

/// What a report does to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Their sessions end.
    End,
    /// They cannot sign in for `login_block_after_revoke` either.
    Block,
    /// They cannot sign in before an administrator enables them.
    Disable,
}

impl<'a> Incoming<'a> {
    /// A report to the endpoint of the provider with this id.
    ///
    /// # Errors
    /// When there is no such provider, or too many reports from the same address failed.
    pub fn of(service: &'a Service, id: &str, source: Source) -> Result<Self, Refusal> {
        let address = source.address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let key = service.report_limits.take(address, service.clock.now())?;
        let provider = service.identity_providers.by_id(id);
        let provider = provider.ok_or(Refusal::NoEndpoint)?;
        Ok(Self {
            service,
            by: source.by(Actor::Provider(provider.id().to_owned())),
            provider,
            key,
        })
    }

    /// What the storage is told of it.
    #[must_use]
    pub fn report<'r>(
        &'r self,
        reason: &'static str,
        once: Option<ReportId<'r>>,
    ) -> ProviderReport<'r> {
        ProviderReport {
            provider_id: self.provider.id(),
            reason,
            by: &self.by,
            once,
        }
    }

    /// Revokes a person.
    ///
    /// # Errors
    /// When the database is not available.
    pub async fn revoke(
        &self,
        report: &ProviderReport<'_>,
        person: &ReportedPerson,
        effect: Effect,
    ) -> Result<EndedByProvider, Refusal> {
        let service = self.service;
        let block = service.config.sessions.login_block_after_revoke;
        let revocation = UserRevocation {
            blocked_until: match effect {
                Effect::End => UnixSeconds::EPOCH,
                Effect::Block | Effect::Disable => service.now() + block,
            },
            until: service.past_leeway(),
            disable: effect == Effect::Disable,
        };
        let outcome = service.storage.revoke_reported(report, person, revocation);
        self.accept(report, outcome.await?)
    }

    /// Notes what became of a report.
    ///
    /// # Errors
    /// When the report came before.
    pub fn accept(
        &self,
        report: &ProviderReport<'_>,
        outcome: ReportOutcome,
    ) -> Result<EndedByProvider, Refusal> {
        let ReportOutcome::Done(ended) = outcome else {
            return Err(ReportFault::Repeated.into());
        };
        self.service.report_limits.give_back(self.key);
        if let Some(version) = ended.version {
            self.service.notifier.committed(version);
        }
        tracing::info!(
            provider = report.provider_id,
            report = report.reason,
            users = ended.users,
            sessions_ended = ended.sessions,
            version = ended.version,
            "a provider reported"
        );
        Ok(ended)
    }

    /// Notes a report that was verified and changes nothing.
    pub fn accept_without_effect(&self) {
        self.service.report_limits.give_back(self.key);
        let provider = self.provider.id();
        tracing::info!(provider, "a provider reported what has no effect here");
    }

    /// Whom an identifier means at this provider; `None` for somebody of another issuer.
    #[must_use]
    pub fn person(&self, id: &SubjectId) -> Option<ReportedPerson> {
        match id {
            SubjectId::IssuerSubject { issuer, subject } => {
                let own = *issuer == self.provider.settings().issuer;
                own.then(|| ReportedPerson::Subject(subject.clone()))
            }
            SubjectId::Opaque(subject) => Some(ReportedPerson::Subject(subject.clone())),
            SubjectId::Email(email) => Some(ReportedPerson::Email(normal_or_text(email))),
        }
    }
}
