//! What an event brings with it: the request, and the moment in which it happened.

use std::net::IpAddr;
use std::rc::Rc;

use super::service::shown::shows_service_token;
use crate::application::Placement;
use crate::request::Head;
use crate::request::kind::RequestKind;
use crate::time::{UnixMillis, UnixSeconds};

/// The moment of an event, and what can be asked about it.
pub struct Moment<'a> {
    /// When it happened.
    pub now: UnixMillis,
    /// Random bytes.
    pub random: &'a mut dyn Random,
    /// The client's address, asked only where a policy needs it.
    pub address: &'a dyn Fn() -> Option<IpAddr>,
}

/// Random bytes, as an argument.
pub trait Random {
    /// Fills a buffer.
    fn fill(&mut self, bytes: &mut [u8]);

    /// Any number.
    fn number(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        u32::from_le_bytes(bytes)
    }
}

/// A request, as the steps of the filter hand it on.
#[derive(Clone, Copy)]
pub(super) struct Incoming<'a> {
    /// Its stream.
    pub stream: u32,
    /// Its head.
    pub head: Head<'a>,
    /// Its kind, or the kind it is answered as.
    pub kind: RequestKind,
}

/// A request to an application.
#[derive(Clone, Copy)]
pub(super) struct Visit<'a> {
    /// The request.
    pub incoming: Incoming<'a>,
    /// The application, at the place where it was asked for.
    pub placement: &'a Rc<Placement>,
}

impl Moment<'_> {
    /// The moment in whole seconds.
    pub(super) fn seconds(&self) -> UnixSeconds {
        self.now.to_seconds()
    }
}

impl<'a> Incoming<'a> {
    /// The request of a stream.
    ///
    /// One that shows a service token comes from a program, whatever else it sends: it is answered
    /// with neither a page nor a redirect.
    pub fn new(stream: u32, head: Head<'a>) -> Self {
        let kind = match RequestKind::of(head) {
            RequestKind::Navigation | RequestKind::FramedNavigation | RequestKind::FormPost
                if shows_service_token(head) =>
            {
                RequestKind::SubRequest
            }
            kind => kind,
        };
        Self { stream, head, kind }
    }

    /// The same request, answered as a request of a page's script.
    pub fn as_sub_request(self) -> Self {
        Self {
            kind: RequestKind::SubRequest,
            ..self
        }
    }

    /// The same request, answered as what it is shown in: the browser calls a navigation of a frame
    /// cross-site or not by the redirects that led there.
    pub fn as_shown(self) -> Self {
        let kind = match self.kind {
            RequestKind::Navigation if self.head.is_in_frame() => RequestKind::FramedNavigation,
            kind => kind,
        };
        Self { kind, ..self }
    }

    /// The request, to an application.
    pub fn to(self, placement: &'a Rc<Placement>) -> Visit<'a> {
        Visit {
            incoming: self,
            placement,
        }
    }
}
