//! Headers that replace path, host or method reach no origin that did not ask for them.

use anyhow::{Context, Result};
use portcullis_e2e::request::{PROTOCOLS, Request};
use portcullis_e2e::{Application, ApplicationSettings};
use url::Url;

use super::origin::{LABEL, raw_origin};
use super::site::{Site, site};

/// Names as they are sent, and values.
const OF_PATH_AND_HOST: [(&str, &str); 17] = [
    ("X-Original-URL", "/admin"),
    ("x_original_url", "/admin"),
    ("X-Rewrite-Url", "/admin"),
    ("x-original-uri", "/admin"),
    ("x-forwarded-uri", "/admin"),
    ("x-forwarded-prefix", "/x"),
    ("X_Script-Name", "/x"),
    ("SCRIPT_NAME", "/x"),
    ("x-envoy-original-path", "/admin"),
    ("x-accel-mapping", "/srv/=/admin/"),
    ("x-forwarded-host", "admin.example"),
    ("forwarded", "for=192.0.2.1;host=admin.example"),
    ("X-Waws-Unencoded-Url", "/admin"),
    ("x_middleware_subrequest", "middleware"),
    ("x-forwarded-server", "admin.example"),
    ("x-http-host-override", "admin.example"),
    ("$WSSN", "admin.example"),
];
/// Removed even where overrides are wanted.
const NO_SCHEME_OR_PORT: [(&str, &str); 2] = [
    ("x-forwarded-port", "443/admin?"),
    ("x-forwarded-scheme", "https://admin.example/?"),
];
const OF_METHOD: [(&str, &str); 4] = [
    ("X-HTTP-Method-Override", "DELETE"),
    ("x_http_method_override", "DELETE"),
    ("x-http-method", "DELETE"),
    ("X-Method-Override", "DELETE"),
];

fn cookies(site: &Site, application: &Application) -> Result<String> {
    let browser = site.stand.sign_in(&site.stand.user()?, application)?;
    let url = Url::parse(&application.url("/"))?;
    browser.jar.header(&url).context("no cookies")
}

/// The overrides that arrive of those sent, each in a request of its own over both protocols, with
/// a session or without.
fn arrived<'a>(
    site: &Site,
    application: &Application,
    (path, cookies): (&str, Option<&str>),
    overrides: &[(&'a str, &str)],
) -> Result<Vec<&'a str>> {
    let mut arrived = Vec::new();
    for protocol in PROTOCOLS {
        for (name, value) in overrides {
            let label = format!("override {protocol} {name} {} {path}", application.host);
            let mut request = Request::sub_request(path)
                .with(LABEL, &label)
                // Names in HTTP/2 are in lower case (RFC 9113, section 8.2.1).
                .with(&name.to_lowercase(), value);
            if let Some(cookies) = cookies {
                request = request.with("cookie", cookies);
            }
            let answer = site.stand.ask(application, protocol, &request)?;
            assert_eq!(answer.status, 200, "{label}");
            let arrival = raw_origin()?.received.take(&label).context(label)?;
            assert_eq!(arrival.target, path.as_bytes());
            let is = |(other, _): &&(String, String)| other == &name.to_lowercase();
            if arrival.fields.iter().any(|field| is(&field)) {
                arrived.push(*name);
            }
        }
    }
    Ok(arrived)
}

#[test]
fn a_session_at_one_path_reads_no_other_by_a_header() -> Result<()> {
    let site = site()?;
    let browser = site.sign_in(&site.outsider, "/")?;
    let url = Url::parse(&site.lax.url("/"))?;
    let cookies = browser.jar.header(&url).context("no cookies")?;
    let session = ("/", Some(cookies.as_str()));
    let none: [&str; 0] = [];
    assert_eq!(arrived(site, &site.lax, session, &OF_PATH_AND_HOST)?, none);
    assert_eq!(
        arrived(site, &site.lax, ("/public/x", None), &OF_PATH_AND_HOST)?,
        none
    );
    assert_eq!(
        arrived(site, &site.lax, ("/public/x", None), &OF_METHOD)?,
        none
    );
    assert_eq!(arrived(site, &site.lax, session, &NO_SCHEME_OR_PORT)?, none);
    // The bypasses of this host are for all methods.
    let methods = arrived(site, &site.lax, session, &OF_METHOD)?;
    assert_eq!(methods.len(), 2 * OF_METHOD.len(), "{methods:?}");
    Ok(())
}

#[test]
fn an_application_gets_the_overrides_that_it_wants() -> Result<()> {
    let site = site()?;
    let wanting = site.stand.application(&ApplicationSettings {
        options: &["--keep-override-headers", "true", "--bypass", "/open"],
        ..ApplicationSettings::default()
    })?;
    let cookies = cookies(site, &wanting)?;
    // Envoy itself removes its own header from what clients send.
    let sent: Vec<_> = OF_PATH_AND_HOST
        .into_iter()
        .filter(|(name, _)| *name != "x-envoy-original-path")
        .collect();
    let session = ("/x", Some(cookies.as_str()));
    let with = arrived(site, &wanting, session, &sent)?;
    assert_eq!(with.len(), 2 * sent.len(), "{with:?}");
    let never = arrived(site, &wanting, session, &NO_SCHEME_OR_PORT)?;
    assert!(never.is_empty(), "{never:?}");
    let without = arrived(site, &wanting, ("/open", None), &sent)?;
    assert!(without.is_empty(), "{without:?}");
    Ok(())
}

#[test]
fn no_method_is_replaced_where_a_rule_depends_on_methods() -> Result<()> {
    let site = site()?;
    let preflights = site.stand.application(&ApplicationSettings {
        options: &["--preflight", "origin", "--keep-override-headers", "true"],
        ..ApplicationSettings::default()
    })?;
    let cookies = cookies(site, &preflights)?;
    let with = arrived(site, &preflights, ("/x", Some(&cookies)), &OF_METHOD)?;
    assert!(with.is_empty(), "{with:?}");
    Ok(())
}
