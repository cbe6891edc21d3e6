//! Signing in with a certified OpenID provider (npm `oidc-provider`), through Envoy, in Chromium: the
//! browser fills in the provider's own form, and codes never pass through a test's hands.

mod ends;

use std::fs;
use std::sync::LazyLock;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use portcullis_demo::certificates::Certificates;
use portcullis_demo::deployment::{Deployment, Settings};
use portcullis_demo::openid_provider::{self, OpenIdProvider};
use portcullis_demo::ports::{free_port, https_origin};
use portcullis_demo::tools::Tools;
use portcullis_demo::{deployment, envoy, origin};
use portcullis_e2e::chromium::{LIMIT, Tab, Visitor, visitor_trusting};
use portcullis_e2e::directories;
use portcullis_e2e::stand::LOGIN_BLOCK;
use serde_json::Value;

const SECRET: &str = "a secret of the client, of forty characters";
const HOST: &str = "wiki.apps.localhost";
/// A second application.
const BOARD: &str = "board.apps.localhost";
/// An application whose sessions a test ends.
const ENDED: &str = "notes.apps.localhost";
const LOGIN: &str = "input[name=login]";
const WAYS: &str = "#ways a[href^='/login/corp?']";

/// A deployment whose people sign in with the provider.
struct Scene {
    deployment: Deployment,
    provider: OpenIdProvider,
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
        let tools = Tools::find("control-with-clock")?;
        let beside = directories::of_stand("oidc-provider")?;
        fs::create_dir_all(&beside)?;
        let secret = beside.join("secret");
        fs::write(&secret, SECRET)?;
        let port = free_port()?;
        let team_domain = https_origin(deployment::TEAM_HOST, port);
        let directory = directories::of_stand("providers")?;
        let provider = OpenIdProvider::start(&openid_provider::Settings {
            directory: &beside,
            team_domain: &team_domain,
            authority: &Certificates::files_in(&directory).authority,
            ids: "corp,form,checked",
            secret: SECRET,
        })?;
        let entry =
            |id: &str, more: &str| provider.entry(id, &format!("{id} account"), &secret, more);
        let application = |name: &str, host: &str| {
            format!(
                "[[applications]]\nname = \"{name}\"\norigins = [\"{}\"]\n\
                 policy = [ {{ allow = {{ everyone = true }} }} ]\n",
                https_origin(host, port)
            )
        };
        let configuration = [
            entry("corp", ""),
            entry("form", "response_mode = \"form_post\""),
            entry("checked", "recheck = \"1s\""),
            application("wiki", HOST),
            application("board", BOARD),
            application("notes", ENDED),
        ]
        .concat();
        let deployment = Deployment::start(Settings {
            tools: &tools,
            directory: &directory,
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
        let visitors = visitor_trusting("chromium-providers", authority)?;
        Ok(Self {
            deployment,
            provider,
            visitors,
        })
    }

    fn visitor(&self) -> Result<Visitor> {
        self.visitors.another()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.deployment.origin_of(HOST))
    }

    fn team(&self, path: &str) -> String {
        format!("{}{path}", self.deployment.team_domain())
    }
}

/// Fills in the provider's own form.
pub fn sign_in_there(tab: &Tab, name: &str) -> Result<()> {
    tab.fill(LOGIN, name)?;
    tab.fill("input[name=password]", "any")?;
    tab.click("button.login-submit")
}

/// Opens a page of the application, and signs in with the provider.
fn sign_in(scene: &Scene, tab: &Tab, name: &str) -> Result<()> {
    tab.open(&scene.url("/page"))?;
    tab.wait_for_heading("Sign in")?;
    tab.click(WAYS)?;
    sign_in_there(tab, name)?;
    tab.arrive(&scene.url("/page"))
}

fn identity(tab: &Tab) -> Result<Value> {
    tab.run("fetch('/.access/identity').then((answer) => answer.json())")
}

#[test]
fn s07_a_person_signs_in_with_oidc_provider_and_returns_to_their_place() -> Result<()> {
    let scene = scene()?;
    let visitor = scene.visitor()?;
    let tab = visitor.tab()?;
    tab.open(&scene.url("/report?year=2026"))?;
    tab.wait_for_heading("Sign in")?;
    assert!(tab.text()?.contains("Continue with corp account"));
    tab.click(WAYS)?;
    sign_in_there(&tab, "ana")?;
    tab.arrive(&scene.url("/report?year=2026"))?;
    assert_eq!(identity(&tab)?["email"], "ana@example.com");
    let cookies = visitor.cookies()?;
    let left = |prefix: &str| cookies.iter().any(|cookie| cookie.name.starts_with(prefix));
    assert!(!left("__Host-access_signin_"), "the attempt is over");
    // The session at the provider signs the same person in elsewhere without a form.
    visitor.forget(&tab, deployment::TEAM_HOST, "__Host-")?;
    tab.open(&scene.team("/login/corp"))?;
    tab.arrive(&scene.team("/"))?;
    assert!(tab.text()?.contains("ana@example.com"));
    Ok(())
}

#[test]
fn s07_an_answer_in_a_form_signs_in_although_the_browser_sends_no_cookie_with_it() -> Result<()> {
    let scene = scene()?;
    let visitor = scene.visitor()?;
    let tab = visitor.tab()?;
    tab.open(&scene.url("/page"))?;
    tab.click("#ways a[href^='/login/form?']")?;
    sign_in_there(&tab, "fred")?;
    tab.arrive(&scene.url("/page"))?;
    assert_eq!(identity(&tab)?["email"], "fred@example.com");
    Ok(())
}

#[test]
fn b05_a_fresh_sign_in_shows_the_providers_form_again() -> Result<()> {
    let scene = scene()?;
    let visitor = scene.visitor()?;
    let tab = visitor.tab()?;
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
fn signing_out_at_the_provider_too_leads_back_and_ends_both_sessions() -> Result<()> {
    let scene = scene()?;
    let visitor = scene.visitor()?;
    let tab = visitor.tab()?;
    sign_in(scene, &tab, "hana")?;
    tab.open(&scene.team("/logout"))?;
    tab.click("button[name=provider]")?;
    // The provider's own question.
    tab.click("button[name=logout]")?;
    tab.wait_for_heading("You are not signed in")?;
    tab.wait_for(&format!(
        "location.href.startsWith('{}')",
        scene.team("/logout")
    ))?;
    tab.open(&scene.url("/page"))?;
    tab.wait_for_heading("Sign in")?;
    tab.click(WAYS)?;
    tab.wait_for(&format!("document.querySelector('{LOGIN}') !== null"))
}

#[test]
fn s11_disabled_at_the_provider_and_revoked_is_gone_and_enabled_is_back() -> Result<()> {
    let scene = scene()?;
    let visitor = scene.visitor()?;
    let tab = visitor.tab()?;
    sign_in(scene, &tab, "eve")?;
    scene.provider.set_disabled("eve", true)?;
    let revoke = ["revoke", "user", "eve@example.com", "--wait"];
    let _: Value = scene.deployment.control.command(&revoke)?;
    // Gone at once, and when the block is over as well.
    tab.open(&scene.url("/page"))?;
    tab.wait_for_heading("Sign in")?;
    std::thread::sleep(LOGIN_BLOCK + Duration::from_secs(1));
    let other = scene.visitor()?;
    let there = other.tab()?;
    there.open(&scene.url("/page"))?;
    there.click(WAYS)?;
    sign_in_there(&there, "eve")?;
    // The provider lets the person in no further than to its own page of an error.
    there.wait_for("document.body.innerText.includes('something went wrong')")?;
    there.wait_for(&format!("location.origin === '{}'", scene.provider.issuer))?;
    there.open(&scene.url("/page"))?;
    there.wait_for_heading("Sign in")?;
    tab.open(&scene.url("/page"))?;
    tab.wait_for_heading("Sign in")?;
    // Back.
    scene.provider.set_disabled("eve", false)?;
    let again = scene.visitor()?;
    let back = again.tab()?;
    sign_in(scene, &back, "eve").with_context(|| format!("within {LIMIT:?}"))?;
    assert_eq!(identity(&back)?["email"], "eve@example.com");
    Ok(())
}
