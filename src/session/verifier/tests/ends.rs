//! Sessions that have expired or were revoked.

use super::*;

#[test]
fn a_revocation_acts_on_a_cached_token_and_an_ended_session_can_still_log_out() {
    let mut scene = Scene::new();
    let token = scene.signer.sign(&claims());
    assert!(scene.cookie(&token).is_ok());
    scene.now = NOW + Duration::from_secs(700);
    assert_eq!(scene.cookie(&token).err(), Some(Refusal::SessionExpired));
    let text = binding();
    let bindings: &[&[u8]] = &[text.as_bytes()];
    let trust = Trust {
        issuer: ISSUER,
        keys: &scene.keys,
        revocations: &scene.revocations,
    };
    let demand = Demand {
        application: &scene.application,
        now: scene.now,
        bindings,
        address: None,
        navigates: false,
    };
    let candidate = Candidate {
        token: token.as_bytes(),
        source: Source::Cookie,
    };
    assert_eq!(
        scene.verifier.verify_to_end(trust, demand, candidate),
        Ok(())
    );
    let unbound = Demand {
        bindings: &[],
        ..demand
    };
    assert_eq!(
        scene.verifier.verify_to_end(trust, unbound, candidate),
        Err(Refusal::BindingMissing)
    );
    scene.now = NOW;
    let revocation = Revocation {
        subject: Subject::User(claims().sub),
        version: 42,
        fresh: false,
        until: NOW,
    };
    scene.revocations.apply(&RevocationChanges {
        put: vec![revocation],
        delete: vec![],
    });
    assert_eq!(scene.cookie(&token).err(), Some(Refusal::SessionRevoked));
    assert!(scene.changed(|c| c.ver = 42).is_ok());
}
