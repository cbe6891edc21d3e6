//! The moments at which something is going to change by itself: where mistakes of one second
//! would show.

use super::super::step::Seconds;
use super::{Model, STALE_AFTER, Tab};

impl Model {
    /// Those to come, in no order.
    pub fn instants(&self) -> Vec<Seconds> {
        let mut instants = vec![self.now + 10];
        let tokens = self.browsers.iter().flat_map(|browser| &browser.tokens);
        for token in tokens.flatten() {
            let claims = &token.value.claims;
            let (iat, exp) = (claims.iat, claims.exp);
            instants.extend([iat + 10, exp, exp + 30, claims.session_exp]);
        }
        for browser in &self.browsers {
            if let Some(Tab::Form(attempt) | Tab::Code(attempt, _)) = &browser.tab {
                instants.extend([attempt.since + 60, attempt.since + 600]);
            }
            instants.extend(browser.team.as_ref().map(|cookie| cookie.until));
        }
        instants.extend(self.people.iter().map(|person| person.blocked_until));
        instants.extend(self.vms.iter().map(|vm| vm.heard + STALE_AFTER));
        instants.retain(|instant| *instant > self.now + 1);
        instants
    }
}
