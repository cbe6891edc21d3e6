//! The way to the callback, which an attacker may leave at any step.

use anyhow::{Context, Result, ensure};
use portcullis_demo::browser::Browser;
use portcullis_demo::browser::form::Form;
use portcullis_demo::browser::response::Response;
use portcullis_demo::control::User;
use portcullis_e2e::Application;
use portcullis_e2e::tokens::{BINDING_COOKIE, TOKEN_COOKIE};
use url::Url;

/// Remembers recent returns from the team domain, against loops.
pub const RETURNS_COOKIE: &str = "__Host-access_returns";
const ATTEMPT_COOKIES: &str = "__Host-access_login_";
const CALLBACK: &str = "/.access/callback";
const MOST_STEPS: usize = 5;

/// Follows redirects up to the callback, whose URL is the answer, unvisited.
pub fn callback_after(browser: &mut Browser, answer: Response) -> Result<Url> {
    let mut answer = answer;
    for _ in 0..MOST_STEPS {
        let next = answer.location()?;
        let next = next.with_context(|| format!("{} at {}", answer.status, answer.url))?;
        if next.path() == CALLBACK {
            return Ok(next);
        }
        answer = browser.navigate(next.as_str())?;
    }
    anyhow::bail!("no callback after {MOST_STEPS} steps")
}

/// Opens a page whose session is gone; the global session gives a code without a prompt.
pub fn callback_of(browser: &mut Browser, url: &str) -> Result<Url> {
    let answer = browser.navigate(url)?;
    callback_after(browser, answer)
}

/// Signs in up to the callback.
pub fn sign_in_to_callback(browser: &mut Browser, url: &str, user: &User) -> Result<Url> {
    let page = browser.open(url)?;
    let form = Form::with_field(&page.text(), "password");
    let mut form = form.with_context(|| format!("no form at {}", page.url))?;
    form.fill("email", &user.email);
    form.fill("password", &user.password);
    let answer = browser.submit(&page.url, &form)?;
    callback_after(browser, answer)
}

/// Lets the browser forget its session at an application, and how often it came back of late.
pub fn forget_session(browser: &mut Browser, application: &Application) {
    for name in [TOKEN_COOKIE, BINDING_COOKIE, RETURNS_COOKIE] {
        browser.jar.remove(&application.host, name);
    }
}

/// The names of a browser's open attempts at an application.
pub fn attempts(browser: &Browser, application: &Application) -> Vec<String> {
    let cookies = browser.jar.of(&application.host);
    let names = cookies.map(|cookie| cookie.name.clone());
    names
        .filter(|name| name.starts_with(ATTEMPT_COOKIES))
        .collect()
}

/// Fails unless an answer is an error page that signs no user in, and leads nowhere but to a sign-in
/// of this browser's own; or begins that by itself.
pub fn ensure_page(answer: &Response, status: u16, reason: &str) -> Result<()> {
    let text = answer.text();
    ensure!(answer.set_cookies().count() == 0, "a cookie");
    if let Some(login) = answer.header("location") {
        ensure!(answer.status == 302 && text.is_empty(), "{text}");
        ensure!(
            ["state_unknown", "code_unknown"].contains(&reason),
            "{reason}"
        );
        ensure!(!login.contains("evil.example"), "{login}");
        return ensure_begins_again(login);
    }
    ensure!(answer.status == status, "{}: {text}", answer.status);
    ensure!(text.contains(&format!("Reason: {reason}")), "{text}");
    let login = login_link(answer)?;
    ensure!(!login.contains("evil.example"), "{login}");
    ensure!(!text.contains("http-equiv=\"refresh\""), "{text}");
    Ok(())
}

fn ensure_begins_again(login: &str) -> Result<()> {
    let begins_again = login.starts_with("/.access/login?again=1&return_to=%2F");
    ensure!(begins_again, "{login}");
    Ok(())
}

/// Fails unless an answer signs the user in and redirects to the application.
pub fn ensure_signed_in(answer: &Response) -> Result<()> {
    let location = answer.header("location").unwrap_or_default();
    ensure!(answer.status == 302, "{}: {}", answer.status, answer.text());
    ensure!(!location.contains("/.access/"), "{location}");
    ensure!(answer.set_cookies().count() > 0, "no cookie");
    Ok(())
}

/// Where the filter says that the sign-in begins again, or redirects for that: a path and query.
pub fn login_link(answer: &Response) -> Result<String> {
    const LOGIN: &str = "href=\"/.access/login";
    if let Some(login) = answer.header("location") {
        return ensure_begins_again(login).map(|()| login.to_owned());
    }
    let page = answer.text();
    let (_, rest) = page.split_once(LOGIN).with_context(|| page.clone())?;
    let query = rest.split('"').next().unwrap_or_default();
    Ok(format!("/.access/login{}", query.replace("&amp;", "&")))
}

/// A URL with a query parameter replaced, or left out.
pub fn with_parameter(url: &Url, name: &str, value: Option<&str>) -> String {
    let pairs = url.query().unwrap_or_default().split('&');
    let other = |pair: &&str| !pair.starts_with(&format!("{name}="));
    let mut pairs: Vec<String> = pairs.filter(other).map(ToOwned::to_owned).collect();
    pairs.extend(value.map(|value| format!("{name}={value}")));
    format!(
        "{}?{}",
        url.as_str().split('?').next().unwrap_or_default(),
        pairs.join("&")
    )
}

/// A query parameter's value, as it stands there.
pub fn parameter(url: &Url, name: &str) -> Result<String> {
    let pairs = url.query().unwrap_or_default().split('&');
    let mut values = pairs.filter_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    Ok(values.next().context("no such parameter")?.to_owned())
}
