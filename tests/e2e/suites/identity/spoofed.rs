//! Identity headers that a client sends itself.

use anyhow::Result;
use portcullis_demo::origin::echo::Echo;
use portcullis_e2e::tokens::{self, TOKEN_COOKIE};
use portcullis_e2e::{ApplicationSettings, stand};

/// Spellings that some server takes for `x-access-…`.
const SPOOFED: &str = "X-Access-User-Email: evil@example.com\r\n\
                       x-access-user-email: evil@example.com\r\n\
                       X_Access_User_Email: evil@example.com\r\n\
                       x-access_user-id: evil\r\n\
                       X-ACCESS-JWT-ASSERTION: evil\r\n\
                       x-access-token: evil\r\n";

#[test]
fn identity_headers_of_a_client_never_reach_the_origin() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings::default())?;
    let user = stand.user()?;
    let browser = stand.sign_in(&user, &application)?;
    let token = &tokens::token(&browser, &application)?.value;
    let line = format!("{SPOOFED}Cookie: {TOKEN_COOKIE}={token}\r\nAuthorization: Basic a2V5\r\n");
    let request = application.sub_request("/api/echo", &line);

    for answer in stand.workers.each(|worker| worker.send(&request))? {
        assert_eq!(answer.status, 200);
        let echo: Echo = serde_json::from_slice(&answer.body)?;
        assert_eq!(echo.value("x-access-user-email"), Some(user.email.as_str()));
        assert_eq!(echo.value("x-access-user-id"), Some(user.id.as_str()));
        assert_eq!(echo.value("x-access-jwt-assertion"), Some(token.as_str()));
        assert_eq!(echo.value("authorization"), Some("Basic a2V5"), "not ours");
        let received = serde_json::to_string(&echo)?;
        assert!(!received.contains("evil"), "{received}");
    }
    Ok(())
}
