//! Where a sign-in begins again that could not be finished: at the page that the user asked for,
//! wherever that is known.

use crate::protocol::return_to;
use crate::reply::page::MessagePage;
use crate::reply::{Reply, percent_encode};
use crate::request::kind::RequestKind;

/// Where a sign-in begins again.
#[derive(Debug, Clone, Copy)]
pub(super) struct WayBack<'a> {
    /// The page that the user asked for, as the control service or the browser tells it: unchecked.
    pub place: Option<&'a str>,
    /// Whether it begins again by itself, once the page is known. An attempt that began like that
    /// does not do so a second time: a browser that keeps no cookies would go in circles.
    pub by_itself: bool,
}

impl<'a> WayBack<'a> {
    /// To a page, by hand.
    pub fn to(place: Option<&'a str>) -> Self {
        Self {
            place,
            by_itself: false,
        }
    }

    /// A redirect that begins again there, or an error page with a link. It stays on the host of the
    /// callback.
    ///
    /// It must not be a page that moves on by itself: what such a page requests comes from this site
    /// to the browser, with `SameSite=Strict` cookies, even if another site led the browser here. A
    /// redirect remains that site's request.
    pub fn error(
        self,
        page: MessagePage<'_>,
        label: &str,
        (kind, status, reason): (RequestKind, u16, &'static str),
    ) -> Reply {
        let place = self.place.and_then(return_to::checked);
        let Some(place) = place else {
            let page = page.link("/.access/login", label);
            return page.error(kind, status, reason);
        };
        let place = percent_encode(place.as_bytes());
        let is_page = matches!(
            kind,
            RequestKind::Navigation | RequestKind::FramedNavigation
        );
        if self.by_itself && is_page {
            let login = format!("/.access/login?again=1&return_to={place}");
            return Reply::redirect(reason, login);
        }
        let login = format!("/.access/login?return_to={place}");
        page.link(&login, label)
            .keeping_the_fragment()
            .error(kind, status, reason)
    }
}
