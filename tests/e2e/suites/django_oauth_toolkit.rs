//! Signing in with a provider that is not certified (PyPI `django-oauth-toolkit`): its issuer has a
//! path, it sends no `iss` in its answers, and knows neither `sid` nor `email_verified`. Through
//! Envoy, in Chromium, at its own pages.

use std::fs;
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use portcullis_demo::deployment::{Deployment, Settings};
use portcullis_demo::ports::{free_port, https_origin};
use portcullis_demo::tools::Tools;
use portcullis_demo::{deployment, envoy, origin, wait};
use portcullis_e2e::chromium::{LIMIT, Tab, Visitor, visitor_trusting};
use portcullis_e2e::directories;
use portcullis_e2e::django_provider::{self, Change, DjangoProvider};
use portcullis_e2e::stand::LOGIN_BLOCK;
use serde_json::Value;

const SECRET: &str = "a secret of the client at django, of 45 letters";
const HOST: &str = "wiki.apps.localhost";
/// An application whose sessions a test ends.
const ENDED: &str = "notes.apps.localhost";
const NAME: &str = "input[name=username]";
const PASSWORD: &str = "input[name=password]";
const BUTTON: &str = "form button";
const WAYS: &str = "#ways a[href^='/login/staff?']";

/// A deployment whose people sign in with the provider.
struct Scene {
    deployment: Deployment,
    provider: DjangoProvider,
    visitors: Visitor,
}

fn scene() -> Result<&'static Scene> {
    static SCENE: LazyLock<Result<Scene>> = LazyLock::new(Scene::start);
    SCENE
        .as_ref()
        .map_err(|error| anyhow!("the scene did not start: {error:#}"))
}

impl Scene {
    fn start() -> Result<Self> {
        let beside = directories::of_stand("django-oauth-toolkit")?;
        fs::create_dir_all(&beside)?;
        let secret = beside.join("secret");
        fs::write(&secret, SECRET)?;
        let port = free_port()?;
        let provider = DjangoProvider::start(&django_provider::Settings {
            directory: &beside,
            team_domain: &https_origin(deployment::TEAM_HOST, port),
            ids: "staff,checked",
            secret: SECRET,
            people: "ana,eve,gina,hana,iris",
        })?;
        let entry = |id: &str, more: &str| {
            format!(
                "[[identity_providers]]\nid = \"{id}\"\nname = \"{id} account\"\n\
                 issuer = \"{}\"\nclient_id = \"portcullis\"\n\
                 client_secret_file = \"{}\"\ngroups_claim = \"groups\"\n\
                 trust_email = true\n{more}\n",
                provider.issuer,
                secret.display()
            )
        };
        let application = |name: &str, host: &str| {
            format!(
                "[[applications]]\nname = \"{name}\"\norigins = [\"{}\"]\n\
                 forward_groups = \"policy\"\n\
                 policy = [ {{ id = \"staff\", action = \"allow\", include = [\n\
                 {{ group = \"staff:engineering\" }}, {{ group = \"checked:engineering\" }} ] }} ]\n",
                https_origin(host, port)
            )
        };
        let configuration = [
            entry("staff", ""),
            entry("checked", "recheck = \"3s\""),
            application("wiki", HOST),
            application("notes", ENDED),
        ]
        .concat();
        let deployment = Deployment::start(Settings {
            tools: &Tools::find("control-with-clock")?,
            directory: &directories::of_stand("django")?,
            port,
            hostnames: &["*.apps.localhost"],
            login_block: LOGIN_BLOCK,
            more_configuration: &configuration,
            workers: 2,
            drain: envoy::DRAIN,
            application: origin::application(),
            change_bootstrap: &Ok,
        })?;
        let authority = &deployment.certificates.authority;
        let visitors = visitor_trusting("chromium-django", authority)?;
        Ok(Self {
            deployment,
            provider,
            visitors,
        })
    }

    fn tab(&self) -> Result<(Visitor, Tab)> {
        let visitor = self.visitors.another()?;
        let tab = visitor.tab()?;
        Ok((visitor, tab))
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.deployment.origin_of(HOST))
    }

    fn team(&self, path: &str) -> String {
        format!("{}{path}", self.deployment.team_domain())
    }

    /// Opens a page of the application, and signs in with the provider.
    fn sign_in(&self, tab: &Tab, name: &str) -> Result<()> {
        tab.open(&self.url("/page"))?;
        tab.wait_for_heading("Sign in")?;
        tab.click(WAYS)?;
        sign_in_there(tab, name)?;
        tab.arrive(&self.url("/page"))
    }

    /// Whether the tab comes to the sign-in page when it opens the application.
    fn is_asked_to_sign_in(&self, tab: &Tab) -> Result<()> {
        tab.open(&self.url("/page"))?;
        tab.wait_for_heading("Sign in")?;
        tab.wait_for(&format!("document.querySelector(\"{WAYS}\") !== null"))
    }
}

/// Fills in the provider's own form.
fn sign_in_there(tab: &Tab, name: &str) -> Result<()> {
    tab.wait_for_heading("Sign in to the company")?;
    tab.fill(NAME, name)?;
    tab.fill(PASSWORD, "any")?;
    tab.click(BUTTON)
}

/// The status of a script's request to the application.
fn status(tab: &Tab) -> Result<Value> {
    tab.run("fetch('/api/echo').then((answer) => answer.status)")
}

/// Loads a page of the application until its heading is this.
fn load_until(scene: &Scene, tab: &Tab, heading: &str) -> Result<()> {
    let shown = format!("document.querySelector('h1')?.innerText.startsWith('{heading}') === true");
    wait::until(heading, LIMIT, || {
        tab.open(&scene.url("/page"))?;
        tab.wait_for("document.readyState === 'complete'")?;
        // A page that is going away cannot answer.
        Ok((tab.run(&shown).unwrap_or_default() == true).then_some(()))
    })
}

/// A header as the application got it.
fn header_there(tab: &Tab, name: &str) -> Result<Value> {
    tab.run(&format!(
        "fetch('/api/echo').then((answer) => answer.json()).then(({{ headers }}) => \
         headers.filter(([other]) => other === '{name}').map(([, value]) => value).join('|'))"
    ))
}

#[test]
fn s07_a_person_signs_in_with_django_oauth_toolkit_and_returns_to_their_place() -> Result<()> {
    let scene = scene()?;
    let (visitor, tab) = scene.tab()?;
    let place = scene.url("/report?year=2026");
    tab.open(&place)?;
    tab.wait_for_heading("Sign in")?;
    tab.click(WAYS)?;
    sign_in_there(&tab, "ana")?;
    tab.arrive(&place)?;
    let email = header_there(&tab, "x-access-user-email")?;
    assert_eq!(email, "ana@example.com");
    let groups = header_there(&tab, "x-access-user-groups")?;
    assert_eq!(groups, "staff:engineering");
    let id = header_there(&tab, "x-access-user-id")?;
    assert!(id.as_str().is_some_and(|id| id.len() > 10), "{id}");
    // The session at the provider signs the same person in elsewhere without a form.
    visitor.forget(&tab, deployment::TEAM_HOST, "__Host-")?;
    tab.open(&scene.team("/login/staff"))?;
    tab.arrive(&scene.team("/"))?;
    assert!(tab.text()?.contains("ana@example.com"));
    Ok(())
}

#[test]
fn b05_a_fresh_sign_in_shows_djangos_form_again() -> Result<()> {
    let scene = scene()?;
    let (_visitor, tab) = scene.tab()?;
    let page = format!("{}/page", scene.deployment.origin_of(ENDED));
    tab.open(&page)?;
    tab.click(WAYS)?;
    sign_in_there(&tab, "gina")?;
    tab.arrive(&page)?;
    let revoke = ["revoke", "application", "notes", "--fresh-login", "--wait"];
    let _: Value = scene.deployment.control.command(&revoke)?;
    tab.open(&page)?;
    tab.wait_for_heading("Sign in")?;
    assert!(tab.text()?.contains("requires a new sign-in"));
    tab.click(WAYS)?;
    // The provider knows the person, and asks all the same.
    sign_in_there(&tab, "gina")?;
    tab.arrive(&page)
}

#[test]
fn signing_out_at_django_too_leads_back_and_ends_both_sessions() -> Result<()> {
    let scene = scene()?;
    let (_visitor, tab) = scene.tab()?;
    scene.sign_in(&tab, "hana")?;
    tab.open(&scene.team("/logout"))?;
    tab.click("button[name=provider]")?;
    // The provider's own question.
    tab.click("input[name=allow]")?;
    tab.wait_for_heading("You are not signed in")?;
    tab.wait_for(&format!(
        "location.href.startsWith('{}')",
        scene.team("/logout")
    ))?;
    scene.is_asked_to_sign_in(&tab)?;
    tab.click(WAYS)?;
    tab.wait_for_heading("Sign in to the company")
}

#[test]
fn s11_disabled_at_django_and_revoked_is_gone_and_enabled_is_back() -> Result<()> {
    let scene = scene()?;
    let (_visitor, tab) = scene.tab()?;
    scene.sign_in(&tab, "eve")?;
    scene.provider.change("eve", Change::Disable)?;
    let revoke = ["revoke", "user", "eve@example.com", "--wait"];
    let _: Value = scene.deployment.control.command(&revoke)?;
    // Gone at once, and when the block is over as well.
    assert_eq!(status(&tab)?, 401);
    scene.is_asked_to_sign_in(&tab)?;
    thread::sleep(LOGIN_BLOCK + Duration::from_secs(1));
    // Neither with the session that the same browser has at the provider …
    scene.is_asked_to_sign_in(&tab)?;
    tab.click(WAYS)?;
    tab.wait_for_heading("Sign in to the company")?;
    // … nor with the password in another one.
    let (_other, there) = scene.tab()?;
    scene.is_asked_to_sign_in(&there)?;
    there.click(WAYS)?;
    sign_in_there(&there, "eve")?;
    there.wait_for("document.querySelector('.errorlist') !== null")?;
    for tab in [&tab, &there] {
        scene.is_asked_to_sign_in(tab)?;
    }
    // Back.
    scene.provider.change("eve", Change::Enable)?;
    let (_again, back) = scene.tab()?;
    scene
        .sign_in(&back, "eve")
        .context("after it was enabled")?;
    let email = header_there(&back, "x-access-user-email")?;
    assert_eq!(email, "eve@example.com");
    Ok(())
}

#[test]
fn b09_rechecks_notice_what_django_changes_until_it_disables_the_person() -> Result<()> {
    let scene = scene()?;
    let (_visitor, tab) = scene.tab()?;
    tab.open(&scene.url("/page"))?;
    tab.click("#ways a[href^='/login/checked?']")?;
    sign_in_there(&tab, "iris")?;
    tab.arrive(&scene.url("/page"))?;
    // Each check replaces the refresh token, so what follows is noticed by the newest one.
    scene.provider.change("iris", Change::LeaveGroups)?;
    load_until(scene, &tab, "You have no access")?;
    scene.provider.change("iris", Change::JoinGroup)?;
    load_until(scene, &tab, HOST)?;
    scene.provider.change("iris", Change::Disable)?;
    load_until(scene, &tab, "Sign in")?;
    scene.is_asked_to_sign_in(&tab)
}
