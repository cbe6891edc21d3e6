//! A report that has come in, and what is done with every one that was verified.

use std::net::{IpAddr, Ipv4Addr};

use portcullis::time::UnixSeconds;

use super::fault::ReportFault;
use super::limits::Taken;
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

/// A report to the endpoint of a provider, counted as a failure until it is settled.
pub struct Incoming<'a> {
    /// The service.
    pub service: &'a Service,
    /// The provider.
    pub provider: &'a IdentityProvider,
    by: Initiator,
    /// Where it came from.
    pub address: IpAddr,
    taken: Taken,
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
        let provider = service.identity_providers.by_id(id);
        let provider = provider.ok_or(Refusal::NoEndpoint)?;
        let address = source.address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let now = service.clock.now();
        let taken = service.report_limits.take(address, provider.id(), now)?;
        Ok(Self {
            service,
            by: source.by(Actor::Provider(provider.id().to_owned())),
            provider,
            address,
            taken,
        })
    }

    /// Takes the report out of the count of failures, unless it was refused for what its sender did.
    ///
    /// # Errors
    /// As it was.
    pub fn settle<T>(&self, outcome: Result<T, Refusal>) -> Result<T, Refusal> {
        if !outcome.as_ref().is_err_and(Refusal::is_the_senders) {
            self.service.report_limits.give_back(self.taken);
        }
        outcome
    }

    /// Counts a report whose sender has proven who they are. Before anything follows from it.
    ///
    /// # Errors
    /// When the provider sends too many.
    pub fn verified(&self) -> Result<(), Refusal> {
        let now = self.service.clock.now();
        let counted = self.service.report_limits.verified(self.provider.id(), now);
        counted.map_err(Refusal::Flood)
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
        let provider = self.provider.id();
        tracing::info!(provider, "a provider reported what has no effect here");
    }

    /// Notes a report that was verified and names a person of another issuer. That is a mistake in the
    /// configuration of the sender, or in `issuer` here: nobody loses access by it.
    pub fn accept_of_another_issuer(&self) {
        tracing::warn!(
            provider = self.provider.id(),
            issuer = self.provider.settings().issuer,
            "a security event has no effect: `iss` in its `sub_id` is not the provider's issuer"
        );
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
