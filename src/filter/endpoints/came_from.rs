//! The page to which an endpoint leads back.

use std::rc::Rc;

use crate::application::Placement;
use crate::application::path::{Readings, is_below};
use crate::protocol::return_to;
use crate::request::framework::referring_page;
use crate::request::{Head, query_parameter};

/// The page of an application on the host from which a person came: as the link says, or else the
/// browser.
pub(super) fn came_from(head: Head<'_>, places: &[Rc<Placement>]) -> Option<String> {
    let asked = query_parameter(head.query(), "return_to");
    let page = asked.or_else(|| {
        let origin = &places.first()?.location.origin;
        referring_page(head, origin).map(ToOwned::to_owned)
    })?;
    let page = return_to::checked(&page)?.into_owned();
    place_of(places, &page).map(|_| page)
}

/// The application that a path on the host belongs to.
pub(in crate::filter) fn place_of<'a>(
    places: &'a [Rc<Placement>],
    return_to: &str,
) -> Option<&'a Rc<Placement>> {
    let path = return_to.split(['?', '#']).next().unwrap_or_default();
    let path = Readings::of(path)?;
    places
        .iter()
        .find(|place| is_below(path.sent(), place.location.path_prefix.as_bytes()))
}
