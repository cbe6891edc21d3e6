//! Pages that outlive their session by `portcullis.js`, under a policy as strict as one would
//! write it.

mod asks;
mod attacks;
mod by_itself;
mod demo;
mod message;
mod service_worker;
mod without;

use anyhow::Result;
use portcullis_demo::control::User;
use portcullis_e2e::chromium::{Tab, Visitor, visitor};
use portcullis_e2e::{Application, ApplicationSettings, Stand, stand};
use serde_json::Value;

/// Nothing but the page's own origin, and frames of it.
const STRICT: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                      connect-src 'self'; frame-src 'self'; img-src data:";
/// This is there until the page is reloaded.
const TYPED: &str = "An hour's work";
/// What the script shows to people.
const MESSAGE: &str = "portcullis-message[role=status]";
/// Its link and its button, in a tree that the page's style does not reach.
const MESSAGE_LINK: &str = "portcullis-message >>> a";
const MESSAGE_BUTTON: &str = "portcullis-message >>> button";
/// Whether the page's requests are refused, by a way that the script leaves alone.
const REFUSED: &str = "new Promise((done) => { const request = new XMLHttpRequest(); \
    request.open('GET', '/api/time'); \
    request.onload = () => done(request.status === 401); request.send(); })";

/// A user who has a page with the script open and has typed something.
struct AtWork {
    stand: &'static Stand,
    visitor: Visitor,
    user: User,
    application: Application,
    tab: Tab,
}

impl AtWork {
    /// At an application of a site, in a page with this policy.
    fn begin(site: &str, policy: &str) -> Result<Self> {
        let (stand, visitor) = (stand()?, visitor()?);
        let application = stand.application(&ApplicationSettings {
            site,
            binding_cookie: true,
            ..ApplicationSettings::default()
        })?;
        let (user, tab) = (stand.user()?, visitor.tab()?);
        let url = application.url(&stand.publish("", &page(policy)));
        tab.open(&url)?;
        tab.sign_in(&user)?;
        tab.arrive(&url)?;
        tab.fill("textarea", TYPED)?;
        Ok(Self {
            stand,
            visitor,
            user,
            application,
            tab,
        })
    }

    /// Continues in a page of another application, under the same global session.
    fn move_to(&mut self, application: Application) -> Result<()> {
        let url = application.url(&self.stand.publish("", &page(STRICT)));
        self.tab.open(&url)?;
        self.tab.arrive(&url)?;
        self.application = application;
        self.tab.fill("textarea", TYPED)
    }

    /// The session ends: an administrator revokes the application's sessions.
    fn revoke(&self) -> Result<()> {
        let control = &self.stand.deployment.control;
        control.revoke_application(&self.application.name)?;
        self.wait_for_end()
    }

    /// Waits until the page's requests are refused.
    fn wait_for_end(&self) -> Result<()> {
        self.tab.wait_for(REFUSED)
    }

    /// What the page's script makes of the answer: its status, and its JSON.
    fn fetch(&self, path: &str, options: &str) -> Result<Value> {
        self.tab.run(&fetching(path, options))
    }

    /// Fails unless the page is the one in which the user typed, unchanged.
    fn ensure_undisturbed(&self) -> Result<()> {
        assert_eq!(
            self.tab.run("document.querySelector('textarea').value")?,
            TYPED
        );
        let left = format!("document.querySelectorAll('iframe, {MESSAGE}').length");
        assert_eq!(self.tab.run(&left)?, 0, "the script cleans up");
        Ok(())
    }

    /// How many logins without a prompt have begun.
    fn silent_logins(&self) -> Result<usize> {
        let path = self.stand.unique_path();
        self.fetch(&path, "{}")?;
        self.stand.access_log_of(&path)?;
        let begun = ("/.access/login", "access.silent_login");
        self.stand.count_in_access_log(&self.application, begun)
    }
}

fn page(policy: &str) -> String {
    format!(
        "<meta http-equiv=content-security-policy content=\"{policy}\">\
         <link rel=icon href='data:,'><script src=/.access/portcullis.js defer></script>\
         <body><h1>Notes</h1><textarea></textarea>"
    )
}

fn fetching(path: &str, options: &str) -> String {
    format!(
        "fetch('{path}', {options}).then(async (answer) => \
         ({{ status: answer.status, body: await answer.json() }}))"
    )
}
