//! The pages that people see, judged by axe-core: in light and dark, on a wide and on a narrow
//! screen.

use anyhow::{Context, Result};
use portcullis_demo::control::{Allow, User};
use portcullis_demo::tools::Tools;
use portcullis_e2e::chromium::{SIGN_IN, Tab, visitor};
use portcullis_e2e::{ApplicationSettings, header_tokens, stand};

const LOOKS: [((i64, i64), &str); 4] = [
    ((1280, 800), "light"),
    ((1280, 800), "dark"),
    ((360, 740), "light"),
    ((360, 740), "dark"),
];
/// The rules of WCAG 2.2, levels A and AA, and good practice beside them; what is wrong, if
/// anything is.
const RUN: &str = "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => \
    violations.flatMap(({ id, nodes }) => \
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`)))";

struct Judge {
    tab: Tab,
    axe: String,
}

impl Judge {
    fn new(tab: Tab) -> Result<Self> {
        let file = Tools::target()?.join("frameworks/node_modules/axe-core/axe.min.js");
        let axe = std::fs::read_to_string(&file)
            .with_context(|| format!("{}: run `make frameworks`", file.display()))?;
        Ok(Self { tab, axe })
    }

    /// Judges the page that the tab shows, whose heading is this.
    fn judge(&self, name: &str, heading: &str) -> Result<()> {
        self.tab.wait_for_heading(heading)?;
        self.tab.run(&format!("{}; 0", self.axe))?;
        for (screen, scheme) in LOOKS {
            self.tab.look(screen, scheme)?;
            let name = format!("page-{name}-{}-{scheme}", screen.0);
            let found: Vec<String> = serde_json::from_value(self.tab.run(RUN)?)?;
            assert_eq!(found, [""; 0], "{name}");
            let fits = "document.documentElement.scrollWidth <= innerWidth";
            assert_eq!(self.tab.run(fits)?, true, "{name} fits the screen");
            self.tab.screenshot(&name)?;
        }
        Ok(())
    }

    fn open(&self, url: &str, name: &str, heading: &str) -> Result<()> {
        self.tab.open(url)?;
        self.judge(name, heading)
    }
}

#[test]
fn pages_of_the_team_domain_are_accessible() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let (application, user) = (header_tokens::application(stand)?, stand.user()?);
    let closed = stand.application(&ApplicationSettings {
        allow: Allow::Emails(&["nobody@example.com"]),
        ..ApplicationSettings::default()
    })?;
    let other = stand.sign_in(&user, &application)?;
    let judge = Judge::new(visitor.tab()?)?;
    let at = |path: &str| format!("{}{path}", stand.deployment.team_domain());
    judge.open(&at("/"), "start-signed-out", "You are not signed in")?;
    judge.open(&at("/logout"), "logout-signed-out", "You are not signed in")?;
    judge.open(&at("/nothing"), "not-found", "Page not found")?;
    judge.open(
        &at("/login?app=x"),
        "broken-link",
        "This link does not work",
    )?;
    judge.open(&application.url("/"), "sign-in", "Sign in")?;
    let wrong = User {
        password: "wrong".to_owned(),
        ..user.clone()
    };
    judge.tab.fill_in(&wrong)?;
    judge.tab.click(SIGN_IN)?;
    judge
        .tab
        .wait_for("document.querySelector('[role=alert]') !== null")?;
    judge.judge("sign-in-again", "Sign in")?;
    let focused = "document.activeElement.id";
    assert_eq!(judge.tab.run(focused)?, "password", "the empty field");
    judge.tab.sign_in(&user)?;
    judge.tab.arrive(&application.url("/"))?;

    judge.open(&at("/"), "launcher", "Your applications")?;
    judge.open(&at("/sessions"), "sessions", "Your sessions")?;
    judge.open(&at("/password"), "password", "Change your password")?;
    judge.open(&at("/device"), "device-code", "A token for a command line")?;
    judge.open(&at("/logout"), "logout", "Sign out?")?;
    judge.open(&closed.url("/"), "no-access", "You have no access to")?;
    judge.open(&at("/tokens"), "tokens", "Tokens for scripts")?;
    judge.tab.click("main form button")?;
    judge.judge("token-made", "Your token for")?;

    stand.deployment.control.revoke_user(&user.email)?;
    stand.refused_by_workers(&other, &application)?;
    judge.tab.open(&application.url("/"))?;
    // Again: a slow browser may take as long as the block lasts.
    stand.deployment.control.revoke_user(&user.email)?;
    judge.tab.sign_in(&user)?;
    judge.judge("blocked", "You cannot sign in right now")
}

#[test]
fn pages_of_the_filter_are_accessible() -> Result<()> {
    let (stand, visitor) = (stand()?, visitor()?);
    let (application, user) = (
        stand.application(&ApplicationSettings::default())?,
        stand.user()?,
    );
    let judge = Judge::new(visitor.tab()?)?;
    let at = |path: &str| application.url(path);
    let logout = at("/.access/logout");
    judge.open(&logout, "filter-signed-out", "You are not signed in here")?;
    let callback = at("/.access/callback?code=x&state=y");
    judge.open(
        &callback,
        "filter-attempt",
        "This sign-in cannot be finished",
    )?;
    judge.tab.open(&at("/"))?;
    judge.tab.sign_in(&user)?;
    judge.tab.arrive(&at("/"))?;
    judge.open(&logout, "filter-logout", "Sign out?")?;
    judge.open(
        &at("/.access/nothing"),
        "filter-not-found",
        "Page not found",
    )?;
    judge.open(
        &at("/%25252525252f"),
        "filter-ambiguous",
        "This address does not work",
    )
}
