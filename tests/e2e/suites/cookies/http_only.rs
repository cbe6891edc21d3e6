//! HttpOnly, by application.

use anyhow::Result;
use portcullis_e2e::{ApplicationSettings, stand, tokens};

#[test]
fn s14_http_only_is_as_the_application_says() -> Result<()> {
    let stand = stand()?;
    let user = stand.user()?;
    for http_only in [true, false] {
        let application = stand.application(&ApplicationSettings {
            http_only,
            binding_cookie: true,
            ..ApplicationSettings::default()
        })?;
        let browser = stand.sign_in(&user, &application)?;

        assert_eq!(tokens::token(&browser, &application)?.http_only, http_only);
        // No script has any use for the binding secret.
        assert!(tokens::binding(&browser, &application)?.http_only);
        assert!(tokens::session(&browser)?.http_only);
    }
    Ok(())
}
