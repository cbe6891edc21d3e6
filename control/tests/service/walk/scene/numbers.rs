//! Numbers for real ids, in the order in which the control service gave them, and what its
//! tokens say in those numbers.

use portcullis::protocol::base64url;
use serde_json::Value;

use super::super::seen::Claims;

#[derive(Default)]
pub struct Numbers {
    pub audiences: Vec<String>,
    tokens: Vec<String>,
    sessions: Vec<String>,
    secrets: Vec<String>,
}

impl Numbers {
    pub fn session_id(&self, number: usize) -> &str {
        &self.sessions[number]
    }

    /// Of the token and of the binding: an application that shares its hostname has its own.
    pub fn cookie_names(&self, application: usize) -> [String; 2] {
        let start = &self.audiences[application][..16];
        ["token", "binding"].map(|what| match application {
            0 | 1 => format!("__Host-access_{what}_{start}"),
            _ => format!("__Host-access_{what}"),
        })
    }

    /// The number of a global session, and all that its token says.
    pub fn session(&mut self, token: &str) -> (usize, Value) {
        let claims = payload(token);
        let session = number(&mut self.sessions, claims["sid"].as_str().unwrap());
        (session, claims)
    }

    /// What an application token says.
    pub fn claims(&mut self, token: &str) -> Claims {
        let (session, claims) = self.session(token);
        let text = |name: &str| claims[name].as_str().unwrap();
        let seconds = |name: &str| claims[name].as_u64().unwrap();
        let audience = claims["aud"][0].as_str().unwrap();
        let application = self.audiences.iter().position(|one| one == audience);
        assert!(seconds("exp") <= seconds("session_exp"), "{claims}");
        // `iat` is older where a refresh opens no navigation, and nowhere else.
        let no_navigation = claims["every_navigation"] == true && seconds("nbf") > seconds("iat");
        assert!(no_navigation || claims["nbf"] == claims["iat"], "{claims}");
        let secret = claims["cnf"]["cookie#S256"].as_str();
        Claims {
            token: number(&mut self.tokens, text("jti")),
            session,
            application: application.unwrap(),
            iat: seconds("iat"),
            exp: seconds("exp"),
            session_exp: seconds("session_exp"),
            ver: seconds("ver"),
            auth_ver: seconds("auth_ver"),
            every_navigation: claims["every_navigation"] == true,
            secret: secret.map(|hash| number(&mut self.secrets, hash)),
        }
    }

    /// Numbers what a call was answered, whether or not anybody gets to see it.
    pub fn note(&mut self, (status, body): &(u16, Vec<u8>)) {
        if *status == 200 {
            let answer: Value = serde_json::from_slice(body).unwrap();
            // A code that was burned is answered with the way back alone.
            if let Some(token) = answer["token"].as_str() {
                self.claims(token);
            }
        }
    }
}

fn payload(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64url::decode(payload.as_bytes()).unwrap()).unwrap()
}

fn number(known: &mut Vec<String>, id: &str) -> usize {
    known.iter().position(|one| one == id).unwrap_or_else(|| {
        known.push(id.to_owned());
        known.len() - 1
    })
}
