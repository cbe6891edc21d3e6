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

    /// An error page that leads there, or moves on by itself. It stays on the host of the callback.
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
        let again = if self.by_itself { "again=1&" } else { "" };
        let login = format!("/.access/login?{again}return_to={place}");
        let page = if self.by_itself {
            MessagePage::new(
                "Starting again",
                &["This sign-in could not be finished. Another one begins at the page that you asked for."],
            )
            .move_on(&login, label)
        } else {
            page.link(&login, label)
        };
        page.keeping_the_fragment().error(kind, status, reason)
    }
}
