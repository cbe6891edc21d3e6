//! Pages of proxies.

pub mod forget;
pub mod list;
pub mod one;
mod row;

use serde::Deserialize;

use super::path::PATH;
use crate::feed::proxies::{Standing, standings};
use crate::service::Service;
use crate::team_domain::page::failure::Failure;

/// Which proxy: two filter credentials can have proxies of the same name. Both may hold characters that a
/// path cannot.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Which {
    credential: String,
    instance: String,
}

/// A page of a proxy: `one` or `forget`.
pub fn address(page: &str, (credential, instance): (&str, &str)) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("credential", credential)
        .append_pair("instance", instance)
        .finish();
    format!("{PATH}/proxies/{page}?{query}")
}

/// The proxy.
async fn find(service: &Service, which: &Which) -> Result<Standing, Failure> {
    let mut proxies = service.storage.proxies().await?;
    proxies.retain(|one| one.instance == which.instance && one.credential == which.credential);
    let mut found = standings(proxies, service.clock.now()).into_iter();
    found.next().ok_or(Failure::NotFound)
}
