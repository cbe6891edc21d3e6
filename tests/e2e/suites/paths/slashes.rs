//! Escaped slashes: where an application has a hostname for itself they arrive as they were sent, and
//! nowhere else.

use anyhow::{Context, Result};
use portcullis_demo::browser::Browser;
use portcullis_e2e::refusal::Refusal;
use portcullis_e2e::request::{PROTOCOLS, Request};
use portcullis_e2e::{Application, ApplicationSettings};
use url::Url;

use super::origin::{LABEL, raw_origin};
use super::site::{Site, site};

const KEEP: [&str; 2] = ["--escaped-slashes", "keep"];

/// What servers disagree on, and what an application with a hostname for itself has to know.
const PATHS: [&str; 8] = [
    "/api/v4/projects/group%2Fname",
    "/@scope%2fname",
    "/api/queues/%2F/tasks",
    "/%3Clogs-%7Bnow%2Fd%7D%3E/_search",
    "/a%5Cb",
    "/a%252Fb",
    "/x..%2f..%5cy",
    "/a%c0%afb",
];

fn application(site: &Site, options: &[&str]) -> Result<(Application, String)> {
    let application = site.stand.application(&ApplicationSettings {
        options,
        ..ApplicationSettings::default()
    })?;
    let browser = site.stand.sign_in(&site.stand.user()?, &application)?;
    let cookies = cookies(&browser, &application)?;
    Ok((application, cookies))
}

fn cookies(browser: &Browser, application: &Application) -> Result<String> {
    let url = Url::parse(&application.url("/"))?;
    browser.jar.header(&url).context("no cookies")
}

#[test]
fn an_application_with_a_hostname_for_itself_gets_them_as_sent() -> Result<()> {
    let site = site()?;
    let (application, cookies) = application(site, &KEEP)?;
    for (listener, door) in site.doors_to(&application)? {
        for protocol in PROTOCOLS {
            for path in PATHS {
                let label = format!("kept {listener} {protocol} {path}");
                let request = Request::sub_request(path)
                    .with("cookie", &cookies)
                    .with(LABEL, &label);
                assert_eq!(door.ask(protocol, &request)?.status, 200, "{label}");
                let arrival = raw_origin()?.received.take(&label).context(label)?;
                assert_eq!(arrival.target, path.as_bytes());
            }
        }
    }
    Ok(())
}

#[test]
fn all_others_are_refused_whoever_asks() -> Result<()> {
    let site = site()?;
    let (by_default, cookies) = application(site, &[])?;
    let bypass = [&KEEP[..], &["--bypass", "/health"]].concat();
    let (bypassing, of_bypassing) = application(site, &bypass)?;
    let lax = site.sign_in(&site.outsider, "/")?;
    let of_lax = self::cookies(&lax, &site.lax)?;
    for (what, application, cookies) in [
        ("by default", &by_default, &cookies),
        ("with a bypass", &bypassing, &of_bypassing),
        ("beside another application", &site.lax, &of_lax),
    ] {
        for (listener, door) in site.doors_to(application)? {
            for protocol in PROTOCOLS {
                for path in ["/a%2Fb", "/a%2fb", "/a%5Cb", "/a%5cb"] {
                    let label = format!("{what} {listener} {protocol} {path}");
                    let request = Request::sub_request(path).with(LABEL, &label);
                    for request in [request.clone(), request.with("cookie", cookies)] {
                        let answer = door.ask(protocol, &request)?;
                        assert_eq!(answer.status, 400, "{label}");
                        let reason = Refusal::of_answer(&answer)?.reason;
                        assert_eq!(reason, "path_escaped_slash", "{label}");
                        assert!(raw_origin()?.received.take(&label).is_none(), "{label}");
                    }
                }
            }
        }
    }
    Ok(())
}

#[test]
fn a_sign_in_returns_to_a_path_that_has_one() -> Result<()> {
    let site = site()?;
    let application = site.stand.application(&ApplicationSettings {
        options: &KEEP,
        ..ApplicationSettings::default()
    })?;
    let url = application.url("/group%2Fname?x=%2F");
    let mut browser = site.stand.browser()?;
    let page = browser.sign_in(&url, &site.stand.user()?)?;
    assert_eq!((page.status, page.url.as_str()), (200, url.as_str()));
    Ok(())
}
