//! SameSite, per application, where the team domain is another site and where it is the same.

use anyhow::{Context, Result};
use portcullis_demo::control::User;
use portcullis_e2e::chromium::{SameSite, Tab, Visitor, visitor};
use portcullis_e2e::tokens::TOKEN_COOKIE;
use portcullis_e2e::{Application, ApplicationSettings, Stand, sites, stand};

/// The page that ends a login attempt which another site began, where cookies are Strict.
const CONTINUE: &str = "a.act";

#[test]
fn s17_and_b07_strict_signs_in_from_a_typed_address() -> Result<()> {
    let (stand, user) = (stand()?, stand()?.user()?);
    for site in [sites::APPLICATIONS, sites::WITH_TEAM_DOMAIN] {
        let (visitor, application) = (visitor()?, strict(stand, site)?);
        let tab = visitor.tab()?;
        tab.open(&application.url("/a?b=c#d"))?;
        tab.sign_in(&user)?;
        tab.arrive(&application.url("/a?b=c#d"))?;
        has_token(&visitor, &application, SameSite::Strict)?;
    }
    Ok(())
}

#[test]
fn s17_and_b07_strict_signs_in_from_a_link_on_another_site() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let (user, application) = (stand.user()?, strict(stand, sites::APPLICATIONS)?);
    let tab = visitor.tab()?;
    follow_link(stand, &tab, &application.url("/a"))?;
    tab.sign_in(&user)?;

    // A redirect or a page that moves on would still count as the other site's doing.
    tab.wait_for_heading("You are signed in")?;
    tab.screenshot("signed-in-from-another-site")?;
    tab.click(CONTINUE)?;
    tab.arrive(&application.url("/a"))?;
    has_token(&visitor, &application, SameSite::Strict)?;

    // The next time there is no cookie either, and no password prompt.
    follow_link(stand, &tab, &application.url("/b"))?;
    tab.wait_for_heading("You are signed in")?;
    tab.click(CONTINUE)?;
    tab.arrive(&application.url("/b"))
}

/// The attempt is none of this browser's, so another one begins by itself.
#[test]
fn s17_a_sign_in_that_another_site_began_stays_its_doing() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let user = stand.user()?;
    for same_site in ["lax", "strict"] {
        let application = with_same_site(stand, same_site, sites::APPLICATIONS)?;
        let tab = visitor.tab()?;
        sign_in(&tab, &user, &application)?;
        tab.run("document.cookie = 'own=1; Path=/; SameSite=Strict'; 0")?;
        let place = stand.unique_path();
        tab.open(&application.url(&place))?;
        assert!(tab.text()?.contains("own=1"), "{}", tab.text()?);

        let place = stand.unique_path();
        let login = format!(
            "{}/login?app={}&origin={}&return_to={place}&state=zz&code_challenge={}",
            stand.deployment.team_domain(),
            application.audience,
            application.origin,
            "A".repeat(43)
        );
        follow_link(stand, &tab, &login.replace("&", "&amp;"))?;
        if same_site == "strict" {
            tab.wait_for(
                "document.body?.innerText.includes('Another site may have led you here.')",
            )?;
            assert_eq!(stand.reached_origin(&place), 0);
            continue;
        }
        tab.arrive(&application.url(&place))?;
        assert!(!tab.text()?.contains("own=1"), "{}", tab.text()?);
    }
    Ok(())
}

#[test]
fn s17_lax_is_the_default_and_comes_with_links_of_other_sites() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let application = stand.application(&ApplicationSettings::default())?;
    let tab = visitor.tab()?;
    sign_in(&tab, &stand.user()?, &application)?;
    has_token(&visitor, &application, SameSite::Lax)?;
    let path = stand.unique_path();
    follow_link(stand, &tab, &application.url(&path))?;
    tab.arrive(&application.url(&path))?;
    assert_eq!(stand.access_log_of(&path)?.status, 200, "the first answer");
    Ok(())
}

#[test]
fn s17_only_none_is_signed_in_inside_a_frame_of_another_site() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let user = stand.user()?;
    let tab = visitor.tab()?;
    for (same_site, status) in [("none", 200), ("lax", 401), ("strict", 401)] {
        let application = with_same_site(stand, same_site, sites::APPLICATIONS)?;
        sign_in(&tab, &user, &application)?;
        let path = stand.unique_path();
        frame(stand, &tab, sites::EMBEDDING, &application.url(&path))?;
        assert_eq!(stand.access_log_of(&path)?.status, status, "{same_site}");
    }
    Ok(())
}

#[test]
fn s17_none_gets_a_page_where_the_browser_blocks_cookies_in_frames() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let application = with_same_site(stand, "none", sites::APPLICATIONS)?;
    let tab = visitor.tab()?;
    sign_in(&tab, &stand.user()?, &application)?;
    let path = stand.unique_path();
    frame(stand, &tab, sites::OTHER, &application.url(&path))?;
    let entry = stand.access_log_of(&path)?;
    assert_eq!(
        (entry.status, entry.details.as_deref()),
        (401, Some("access.no_session"))
    );
    tab.screenshot("frame-without-session")?;

    // Of one site with the page around it, the frame has its cookies.
    let path = stand.unique_path();
    frame(stand, &tab, sites::APPLICATIONS, &application.url(&path))?;
    assert_eq!(stand.access_log_of(&path)?.status, 200);
    Ok(())
}

fn strict(stand: &Stand, site: &str) -> Result<Application> {
    with_same_site(stand, "strict", site)
}

fn with_same_site(stand: &Stand, same_site: &str, site: &str) -> Result<Application> {
    stand.application(&ApplicationSettings {
        same_site,
        site,
        binding_cookie: true,
        ..ApplicationSettings::default()
    })
}

/// Opens the application, by way of the form if the team domain does not know the user yet.
fn sign_in(tab: &Tab, user: &User, application: &Application) -> Result<()> {
    let url = application.url("/");
    tab.open(&url)?;
    let form = "document.querySelector('form#sign-in') !== null";
    tab.wait_for(&format!("{form} || location.href === '{url}'"))?;
    if tab.run(form)?.as_bool().context("no answer")? {
        tab.sign_in(user)?;
    }
    tab.arrive(&url)
}

/// Shows a page of some site, with something in it.
fn show(stand: &Stand, tab: &Tab, site: &str, html: &str) -> Result<()> {
    let unguarded = stand.application(&ApplicationSettings {
        site,
        options: &["--bypass", "/*"],
        ..ApplicationSettings::default()
    })?;
    let page = stand.publish("", html);
    tab.open(&unguarded.url(&page))
}

/// Clicks on a link of another site.
fn follow_link(stand: &Stand, tab: &Tab, url: &str) -> Result<()> {
    show(
        stand,
        tab,
        sites::OTHER,
        &format!("<a href='{url}'>there</a>"),
    )?;
    tab.click("a")
}

/// Shows an address in a frame of a site.
fn frame(stand: &Stand, tab: &Tab, site: &str, url: &str) -> Result<()> {
    let html = format!(
        "<h1>Another site</h1>\
         <iframe src='{url}' width=600 height=400 onload='loaded = true'></iframe>"
    );
    show(stand, tab, site, &html)?;
    tab.wait_for("window.loaded === true")
}

fn has_token(visitor: &Visitor, application: &Application, same_site: SameSite) -> Result<()> {
    let token = visitor.cookie(&application.host, TOKEN_COOKIE)?;
    assert_eq!(token.same_site, Some(same_site));
    Ok(())
}
