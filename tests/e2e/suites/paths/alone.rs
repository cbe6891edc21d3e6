//! An application that has its host for itself, behind an Envoy that leaves paths as they come:
//! no path may become the address of another host on its way through the login.

use anyhow::{Context, Result};
use portcullis_e2e::ApplicationSettings;
use portcullis_e2e::request::{PROTOCOLS, Request};
use url::Url;

use super::site::site;

const PATHS: [&str; 8] = [
    "//evil.example/x",
    "///evil.example",
    "/\\evil.example/x",
    "/\\/evil.example",
    "/x/..//evil.example",
    "/.//evil.example",
    "/%2f/evil.example",
    "/%5c/evil.example",
];

#[test]
fn no_path_becomes_another_host() -> Result<()> {
    let site = site()?;
    let application = site.stand.application(&ApplicationSettings {
        options: &["--escaped-slashes", "keep"],
        ..ApplicationSettings::default()
    })?;
    let [_, (_, door)] = site.doors_to(&application)?;
    for path in PATHS {
        for protocol in PROTOCOLS {
            let answer = door.ask(protocol, &Request::navigation(path))?;
            assert_eq!(answer.status, 302, "{path} over {protocol}");
            let location = Url::parse(answer.header("location").context("no redirect")?)?;
            assert_eq!(location.host_str(), Some("team.localhost"));
            let wish = location.query_pairs().find(|pair| pair.0 == "return_to");
            let wish = wish.context("no return_to")?.1.into_owned();
            let own = wish.starts_with('/') && !wish.starts_with("//");
            assert!(own && !wish.contains('\\'), "{path} became {wish}");
        }
    }
    Ok(())
}
