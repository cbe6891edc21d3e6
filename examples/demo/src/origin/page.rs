//! The demo application's page.

use axum::Json;
use axum::body::Bytes;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, Method, Uri};
use axum::response::IntoResponse;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::echo::{Echo, received};

const PAGE: &str = include_str!("../../assets/page.html");

/// Where the page includes the filter's script.
const WITH_SCRIPT: &str = "/with-script";
/// How a page includes it.
const INCLUDE: &str = "<script src=\"/.access/portcullis.js\" defer></script>\n";

/// How a link of the page's own address is marked.
const CURRENT: &str = " aria-current=\"page\"";

/// As strict as the script allows: its frame is one of this origin.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; frame-src 'self'; img-src 'self'; manifest-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The page, with the request that asked for it.
pub(super) async fn page(
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    let echo = received(&method, &uri, &headers, body.len());
    (as_type("text/html; charset=utf-8"), render(&echo))
}

/// The time, so that one sees that an answer is new.
pub(super) async fn time() -> (HeaderMapOf<1>, Json<Value>) {
    let now = OffsetDateTime::now_utc();
    let time = format!(
        "{:02}:{:02}:{:02} UTC",
        now.hour(),
        now.minute(),
        now.second()
    );
    ([(CACHE_CONTROL, "no-store")], Json(json!({ "time": time })))
}

pub(super) type HeaderMapOf<const N: usize> = [(HeaderName, &'static str); N];

pub(super) fn as_type(content_type: &'static str) -> HeaderMapOf<3> {
    [
        (CONTENT_TYPE, content_type),
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-store"),
    ]
}

fn render(echo: &Echo) -> String {
    let host = echo.value("host").unwrap_or("?");
    let email = echo.value("x-access-user-email").unwrap_or("nobody");
    let cookies: Vec<&str> = echo.values("cookie");
    let cookies = if cookies.is_empty() {
        "none".to_owned()
    } else {
        escape(&cookies.join("\n"))
    };
    let path = echo.path.split('?').next().unwrap_or_default();
    let (script, how) = if path == WITH_SCRIPT {
        (INCLUDE, "with portcullis.js")
    } else {
        ("", "without the script")
    };
    let current = |is_current: bool| if is_current { CURRENT } else { "" };
    PAGE.replace("{{script}}", script)
        .replace("{{how}}", how)
        .replace("{{plain}}", current(path == "/"))
        .replace("{{scripted}}", current(path == WITH_SCRIPT))
        .replace("{{host}}", &escape(host))
        .replace("{{email}}", &escape(email))
        .replace("{{method}}", &escape(&echo.method))
        .replace("{{path}}", &escape(&echo.path))
        .replace("{{cookies}}", &cookies)
        .replace("{{rows}}", &rows(&echo.headers))
}

fn rows(headers: &[(String, String)]) -> String {
    let row = |(name, value): &(String, String)| {
        let class = if name.starts_with("x-access-") {
            r#" class="identity""#
        } else {
            ""
        };
        format!(
            "<tr{class}><th scope=\"row\">{}</th><td>{}</td></tr>\n",
            escape(name),
            escape(value)
        )
    };
    headers.iter().map(row).collect()
}

/// Text for HTML. Braces too, so that no value is taken for one of the page's own words.
fn escape(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, character| {
        match character {
            '&' | '<' | '>' | '"' | '\'' | '{' | '}' => {
                escaped.push_str(&format!("&#{};", u32::from(character)));
            }
            other => escaped.push(other),
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_sends_is_text() {
        let page = render(&Echo {
            method: "GET".to_owned(),
            path: "/<script>{{rows}}".to_owned(),
            headers: vec![("x-a".to_owned(), "\"><b>".to_owned())],
            body_length: 0,
        });
        assert!(page.contains("/&#60;script&#62;&#123;&#123;rows"));
        assert!(!page.contains("<b>"));
        assert!(!page.contains("{{"));
    }
}
