//! Applications in frames: the sign-in happens in a window, and the frame continues by itself.

use anyhow::{Context, Result};
use portcullis_demo::control::User;
use portcullis_demo::wait;
use portcullis_e2e::chromium::{LIMIT, Tab, Visitor, visitor};
use portcullis_e2e::tokens::TOKEN_COOKIE;
use portcullis_e2e::{Application, ApplicationSettings, Stand, sites, stand};
use serde_json::json;

/// Says where it is, wherever it is shown.
const HERE: &str = "<script>parent.postMessage('at ' + location.href, '*')</script>Here";

/// A page with an application in a frame.
struct Framed {
    stand: &'static Stand,
    visitor: Visitor,
    tab: Tab,
    application: Application,
    /// What the frame is to show.
    url: String,
}

impl Framed {
    /// In a page of a site, without a session.
    fn show(embedding: &str, settings: &ApplicationSettings<'_>) -> Result<Self> {
        let (stand, visitor) = (stand()?, visitor()?);
        let (tab, application) = (visitor.tab()?, stand.application(settings)?);
        let url = application.url(&format!("{}?x=1#part", stand.publish("", HERE)));
        let framed = Self {
            stand,
            visitor,
            tab,
            application,
            url,
        };
        framed.embed(embedding)?;
        Ok(framed)
    }

    /// Opens a page of a site with the frame.
    fn embed(&self, site: &str) -> Result<()> {
        self.embed_at(site, &self.url)
    }

    /// The same, with another address in the frame.
    fn embed_at(&self, site: &str, url: &str) -> Result<()> {
        let html = format!(
            "<script>said = []; addEventListener('message', ({{ data }}) => said.push(data))\
             </script><h1>Around</h1><iframe src='{url}' width=600 height=400 \
             onload='loaded = true'></iframe>"
        );
        let around = unguarded(self.stand, site)?;
        self.tab.open(&around.url(&self.stand.publish("", &html)))?;
        self.tab.wait_for("window.loaded === true")
    }

    /// Presses the button in the frame.
    fn press_button(&self) -> Result<()> {
        self.tab
            .run("document.querySelector('iframe').focus(); 0")?;
        self.tab.press("Tab")?;
        self.tab.press("Enter")
    }

    /// Presses the button in the frame; the window that it opens.
    fn open_window(&self) -> Result<Tab> {
        self.press_button()?;
        wait::until("the window", LIMIT, || {
            Ok(self.visitor.opened_by(&self.tab).ok())
        })
    }

    /// Waits until the frame shows its own place, with the fragment.
    fn wait_for_place(&self) -> Result<()> {
        let place = json!(format!("at {}", self.url));
        self.tab.wait_for(&format!("said.includes({place})"))
    }

    fn user(&self) -> Result<User> {
        self.stand.user()
    }
}

#[test]
fn s17_a_frame_whose_question_got_no_answer_tries_again_at_its_place() -> Result<()> {
    let framed = Framed::show(sites::APPLICATIONS, &ApplicationSettings::default())?;
    framed.open_window()?.sign_in(&framed.user()?)?;
    framed.wait_for_place()?;
    let origin = framed.application.url("");
    let place = framed.url.strip_prefix(&origin).context("another origin")?;
    framed.embed_at(
        sites::APPLICATIONS,
        &framed.application.url(&format!(
            "/.access/callback?error=temporarily_unavailable&state=x.y&return_to={place}"
        )),
    )?;
    framed.wait_for_place()
}

#[test]
fn s17_a_frame_of_the_same_site_signs_in_in_a_window() -> Result<()> {
    let framed = Framed::show(sites::APPLICATIONS, &ApplicationSettings::default())?;
    assert_eq!(framed.tab.run("said.length")?, 0, "no session yet");
    let window = framed.open_window()?;
    window.sign_in(&framed.user()?)?;
    framed.wait_for_place()
}

#[test]
fn s17_a_frame_continues_when_the_user_returns_from_a_window_that_cannot_report() -> Result<()> {
    let framed = Framed::show(sites::APPLICATIONS, &ApplicationSettings::default())?;
    let window = framed.open_window()?;
    window.wait_for_heading("Sign in")?;
    // As if the page around the frame had isolated itself.
    window.run("window.opener = null; 0")?;
    window.sign_in(&framed.user()?)?;
    window.wait_for_heading("You are signed in")?;
    assert_eq!(framed.tab.run("said.length")?, 0);
    framed
        .tab
        .run("document.activeElement.blur(); document.querySelector('iframe').focus(); 0")?;
    framed.wait_for_place()
}

#[test]
fn s17_a_frame_of_the_same_site_needs_no_window_where_no_prompt_is_needed() -> Result<()> {
    let at_team_domain = ApplicationSettings {
        site: sites::WITH_TEAM_DOMAIN,
        ..ApplicationSettings::default()
    };
    let framed = Framed::show(sites::WITH_TEAM_DOMAIN, &at_team_domain)?;
    let other = framed.stand.application(&ApplicationSettings::default())?;
    framed.tab.open(&other.url("/"))?;
    framed.tab.sign_in(&framed.user()?)?;
    framed.tab.arrive(&other.url("/"))?;
    framed.embed(sites::WITH_TEAM_DOMAIN)?;
    framed.wait_for_place()
}

#[test]
fn s17_a_frame_of_another_site_continues_after_its_window() -> Result<()> {
    let framed = Framed::show(
        sites::EMBEDDING,
        &ApplicationSettings {
            same_site: "none",
            ..ApplicationSettings::default()
        },
    )?;
    let window = framed.open_window()?;
    window.sign_in(&framed.user()?)?;
    framed.wait_for_place()
}

/// Chromium blocks cookies of other sites here.
#[test]
fn s17_partitioned_cookies_are_those_of_the_frame() -> Result<()> {
    let framed = Framed::show(
        sites::OTHER,
        &ApplicationSettings {
            same_site: "none",
            binding_cookie: true,
            options: &["--partitioned", "true"],
            ..ApplicationSettings::default()
        },
    )?;
    let window = framed.open_window()?;
    window.sign_in(&framed.user()?)?;
    framed.wait_for_place()?;
    let token = framed
        .visitor
        .cookie(&framed.application.host, TOKEN_COOKIE)?;
    let partition = token.partition_key.context("a partition")?;
    assert!(partition.top_level_site.ends_with("//other.localhost"));

    // Signed in at the team domain, the next frame needs no form.
    let control = &framed.stand.deployment.control;
    control.revoke_application(&framed.application.name)?;
    wait::until("the frame's session to end", LIMIT, || {
        framed.embed(sites::OTHER)?;
        Ok((framed.tab.run("said.length")? == 0).then_some(()))
    })?;
    framed.press_button()?;
    framed.wait_for_place()
}

#[test]
fn s17_a_code_for_a_frame_is_told_to_no_other_origin() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let application = stand.application(&ApplicationSettings {
        same_site: "none",
        options: &["--partitioned", "true"],
        ..ApplicationSettings::default()
    })?;
    let tab = visitor.tab()?;
    let page = "<script>said = []; addEventListener('message', ({ data }) => said.push(data))\
                </script><button>Open</button>";
    tab.open(&unguarded(stand, sites::OTHER)?.url(&stand.publish("", page)))?;
    let url = application.url("/.access/callback?code=c0de&state=01020304.x.w");
    tab.run(&format!(
        "document.querySelector('button').onclick = () => open('{url}'); 0"
    ))?;
    tab.click("button")?;
    let window = wait::until("the window", LIMIT, || Ok(visitor.opened_by(&tab).ok()))?;
    window.wait_for_heading("Go back to the page")?;
    assert_eq!(window.run("window.opener !== null")?, true);
    // What it said would have come before the answer to another message.
    window.run("window.opener.postMessage('after', '*'); 0")?;
    tab.wait_for("said.includes('after')")?;
    assert_eq!(tab.run("said.length")?, 1);
    Ok(())
}

#[test]
fn s17_another_site_is_cut_off_from_a_window_with_the_form() -> Result<()> {
    let framed = Framed::show(sites::APPLICATIONS, &ApplicationSettings::default())?;
    let window = framed.open_window()?;
    window.wait_for_heading("Sign in")?;
    assert_eq!(window.run("window.opener !== null")?, true, "for the frame");

    let evil = framed.visitor.tab()?;
    let page = "<button>Open</button>";
    let url = unguarded(framed.stand, sites::OTHER)?;
    evil.open(&url.url(&framed.stand.publish("", page)))?;
    let form = json!(window.location()?);
    evil.run(&format!(
        "document.querySelector('button').onclick = () => opened = open({form}); 0"
    ))?;
    evil.click("button")?;
    evil.wait_for("window.opened?.closed === true")
}

fn unguarded(stand: &Stand, site: &str) -> Result<Application> {
    stand.application(&ApplicationSettings {
        site,
        options: &["--bypass", "/*"],
        ..ApplicationSettings::default()
    })
}
