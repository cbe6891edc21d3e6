//! A hostname that ends with a dot is the same host (RFC 1034, section 3.1), but another origin to a
//! browser: the cookies of a sign-in would not be sent there. People are led to the origin without
//! the dot.

use super::event::Incoming;
use crate::application::Placement;
use crate::reply::page::MessagePage;
use crate::reply::{Reply, visible};
use crate::request::kind::RequestKind;

const REASON: &str = "trailing_dot";

/// The answer to a request to an application's hostname with a dot at its end.
pub(super) fn without_final_dot(incoming: Incoming<'_>, place: &Placement) -> Reply {
    let Incoming { head, kind, .. } = incoming;
    let origin = &place.location.origin;
    let loads_a_page = matches!(
        kind,
        RequestKind::Navigation | RequestKind::FramedNavigation
    );
    if loads_a_page && head.is_safe() && head.target().starts_with(b"/") {
        return Reply::redirect(REASON, format!("{origin}{}", visible(head.target())));
    }
    let home = format!("{origin}/");
    MessagePage::new(
        "This address does not work",
        &[
            "The hostname in it ends with a dot, and the application is at the hostname without the dot.",
            "Nothing was sent to the application.",
        ],
    )
    .link(&home, "Open the start page")
    .error(kind, 400, REASON)
}
