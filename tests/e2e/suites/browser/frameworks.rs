//! Pages of htmx, Inertia and Turbo whose session ends: the next click leads to the sign-in, and
//! from there back to the page. The frameworks are the published ones, unchanged.

mod attacks;
mod denied;
mod htmx;
mod inertia;
mod turbo;

use std::fs;

use anyhow::{Context, Result};
use portcullis_demo::control::User;
use portcullis_demo::tools::Tools;
use portcullis_e2e::chromium::{Tab, Visitor, visitor};
use portcullis_e2e::sites::WITH_TEAM_DOMAIN;
use portcullis_e2e::{Application, ApplicationSettings, Stand, stand};

/// Nothing but scripts and requests of the page's own origin.
const STRICT: &str = "<meta http-equiv=content-security-policy content=\"default-src 'none'; \
    script-src 'self'; connect-src 'self'; img-src data:\"><link rel=icon href='data:,'>";

/// A user who has signed in and looks at a page of a framework.
struct Page {
    stand: &'static Stand,
    visitor: Visitor,
    user: User,
    application: Application,
    tab: Tab,
    url: String,
}

impl Page {
    /// Opens a page with a framework's script and this body, at `more` after its path.
    fn open(framework: &str, body: &str, more: &str) -> Result<Self> {
        let stand = stand()?;
        let script = stand.publish_script("", &script(framework)?);
        let html = format!("{STRICT}<body>{body}<script src={script}></script>");
        Self::open_html(&html, more)
    }

    /// Opens a page whose head is its own.
    fn open_html(html: &str, more: &str) -> Result<Self> {
        let (stand, visitor) = (stand()?, visitor()?);
        let application = stand.application(&ApplicationSettings {
            site: WITH_TEAM_DOMAIN,
            binding_cookie: true,
            ..ApplicationSettings::default()
        })?;
        let (user, tab) = (stand.user()?, visitor.tab()?);
        let path = stand.publish("", html);
        let url = application.url(&format!("{path}{more}"));
        tab.open(&url)?;
        tab.sign_in(&user)?;
        tab.arrive(&url)?;
        Ok(Self {
            stand,
            visitor,
            user,
            application,
            tab,
            url,
        })
    }

    /// Clicks, and waits until an element shows what the framework fetched.
    fn works(&self, click: &str, (selector, text): (&str, &str)) -> Result<()> {
        self.tab.click(click)?;
        self.tab.wait_for(&format!(
            "document.querySelector('{selector}')?.textContent.includes('{text}') === true"
        ))
    }

    /// The session ends: the browser has none, here or on the team domain.
    fn sign_out(&self) -> Result<()> {
        self.visitor.delete_cookies()
    }

    /// Signs in again, which the tab is about to ask for.
    fn sign_in_and_return_to(&self, url: &str) -> Result<()> {
        self.tab.wait_for("location.pathname === '/login'")?;
        self.tab.sign_in(&self.user)?;
        self.tab.arrive(url)
    }

    /// Fails unless the first request for a path was answered so by the filter.
    fn was_answered(&self, path: &str, status: u16) -> Result<()> {
        let entry = self.stand.access_log_at(&self.application, path)?;
        assert_eq!(
            (entry.status, entry.details.as_deref()),
            (status, Some("access.no_session")),
            "{entry:?}"
        );
        assert_eq!(self.stand.reached_origin(path), 0);
        Ok(())
    }
}

/// The published script of a framework.
fn script(framework: &str) -> Result<String> {
    let file = Tools::target()?.join(format!("frameworks/{framework}.js"));
    fs::read_to_string(&file)
        .with_context(|| format!("{} is missing: run `make frameworks`", file.display()))
}
