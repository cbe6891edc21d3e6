//! The table: who sends, what a page sees of the answer, what the access log says.

use self::Answer::{Grants, Redirect, Unauthorized};
use self::Site::{Another, Itself};

/// Who the page that sends belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Site {
    /// The application.
    Itself,
    /// Another site.
    Another,
}

/// What the filter answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// 302 to the team domain.
    Redirect,
    /// 401.
    Unauthorized,
    /// 403: what a preflight asks for is not granted.
    Grants,
}

impl Answer {
    /// The status, and the detail in Envoy's access log.
    pub fn logged(self) -> (u16, &'static str) {
        match self {
            Redirect => (302, "access.no_session"),
            Unauthorized => (401, "access.no_session"),
            Grants => (403, "access.preflight_denied"),
        }
    }
}

/// One way to send a request.
pub struct Row {
    /// The request kind of `decisions.md` 2.
    pub kind: &'static str,
    /// What sends it, for people.
    pub sent_by: &'static str,
    /// Who sends it.
    pub from: Site,
    /// Sends it to `URL`; its value is what the page sees. A value of `null` sees nothing.
    pub script: &'static str,
    /// What the page sees.
    pub sees: &'static str,
    /// What comes back.
    pub answer: Answer,
}

/// Whether an element loads.
macro_rules! element {
    ($name:literal, $properties:literal) => {
        concat!(
            "new Promise((done) => { const element = document.createElement('",
            $name,
            "'); element.onload = () => done('loaded'); element.onerror = () => done('error'); \
             Object.assign(element, ",
            $properties,
            "); document.head.append(element); })"
        )
    };
}

/// A form that is sent at once.
macro_rules! form {
    ($method:literal) => {
        concat!(
            "(() => { const form = document.createElement('form'); \
             Object.assign(form, { action: URL, method: '",
            $method,
            "' }); document.body.append(form); form.submit(); return 'leaves'; })()"
        )
    };
}

macro_rules! frame {
    () => {
        "new Promise((done) => { const frame = document.createElement('iframe'); \
         frame.onload = () => done('loaded'); frame.src = URL; document.body.append(frame); })"
    };
}

macro_rules! rows {
    ($($kind:literal, $sent_by:literal, $from:expr, $answer:expr, $sees:literal, $script:expr;)*) => {
        &[$(Row {
            kind: $kind, sent_by: $sent_by, from: $from, script: $script, sees: $sees,
            answer: $answer,
        }),*]
    };
}

/// All of them.
pub const ROWS: &[Row] = rows! {
    "navigation", "script of the page", Itself, Redirect, "leaves",
        "(() => { location.href = URL; return 'leaves'; })()";
    "navigation", "link on another site", Another, Redirect, "leaves",
        "(() => { const link = document.createElement('a'); link.href = URL; \
         document.body.append(link); link.click(); return 'leaves'; })()";
    "navigation", "form, GET", Itself, Redirect, "leaves", form!("get");
    "navigation", "iframe", Itself, Redirect, "loaded", frame!();
    "framed navigation", "iframe on another site", Another, Unauthorized, "loaded", frame!();
    "form post", "form, POST", Itself, Unauthorized, "leaves", form!("post");
    "form post", "form, POST, on another site", Another, Unauthorized, "leaves", form!("post");
    "sub-request", "fetch()", Itself, Unauthorized, "401 no_session",
        "fetch(URL).then(async (answer) => `${answer.status} ${(await answer.json()).reason}`)";
    "sub-request", "fetch(), POST", Itself, Unauthorized, "401 no_session",
        "fetch(URL, { method: 'POST', body: 'x' })\
         .then(async (answer) => `${answer.status} ${(await answer.json()).reason}`)";
    "sub-request", "fetch() on another site", Another, Unauthorized, "TypeError",
        "fetch(URL, { credentials: 'include' }).catch((error) => error.name)";
    "sub-request", "XMLHttpRequest", Itself, Unauthorized, "401",
        "new Promise((done) => { const request = new XMLHttpRequest(); \
         request.onloadend = () => done(`${request.status}`); \
         request.open('GET', URL); request.send(); })";
    "sub-request", "XMLHttpRequest that says so", Itself, Unauthorized, "401",
        "new Promise((done) => { const request = new XMLHttpRequest(); \
         request.onloadend = () => done(`${request.status}`); request.open('GET', URL); \
         request.setRequestHeader('X-Requested-With', 'XMLHttpRequest'); request.send(); })";
    "sub-request", "sendBeacon()", Itself, Unauthorized, "true",
        "`${navigator.sendBeacon(URL, 'x')}`";
    "sub-request", "image", Itself, Unauthorized, "error", element!("img", "{ src: URL }");
    "sub-request", "script", Itself, Unauthorized, "error", element!("script", "{ src: URL }");
    "sub-request", "module script", Itself, Unauthorized, "error",
        element!("script", "{ type: 'module', src: URL }");
    "sub-request", "style sheet", Itself, Unauthorized, "error",
        element!("link", "{ rel: 'stylesheet', href: URL }");
    "sub-request", "worker", Itself, Unauthorized, "error",
        "new Promise((done) => { new Worker(URL).onerror = () => done('error'); })";
    "sub-request", "service worker's script", Itself, Unauthorized, "TypeError",
        "navigator.serviceWorker.register(URL).catch((error) => error.name)";
    "sub-request", "EventSource", Itself, Unauthorized, "closed",
        "new Promise((done) => { const events = new EventSource(URL); events.onerror = () => \
         done(events.readyState === EventSource.CLOSED ? 'closed' : 'tries again'); })";
    "websocket", "WebSocket", Itself, Unauthorized, "closed 1006",
        "new Promise((done) => { const socket = new WebSocket(URL.replace('https:', 'wss:')); \
         socket.onclose = (event) => done(`closed ${event.code}`); })";
    "websocket", "WebSocket on another site", Another, Unauthorized, "closed 1006",
        "new Promise((done) => { const socket = new WebSocket(URL.replace('https:', 'wss:')); \
         socket.onclose = (event) => done(`closed ${event.code}`); })";
    "preflight", "fetch() with JSON on another site", Another, Grants, "TypeError",
        "fetch(URL, { method: 'PUT', headers: { 'content-type': 'application/json' } })\
         .catch((error) => error.name)";
    "prefetch", "link rel=prefetch", Itself, Unauthorized, "error",
        element!("link", "{ rel: 'prefetch', href: URL }");
    "prefetch", "speculation rules", Itself, Unauthorized, "asked",
        "(() => { const rules = document.createElement('script'); \
         rules.type = 'speculationrules'; rules.textContent = JSON.stringify({ prefetch: \
         [{ source: 'list', urls: [URL], eagerness: 'immediate' }] }); \
         document.head.append(rules); return 'asked'; })()";
};
