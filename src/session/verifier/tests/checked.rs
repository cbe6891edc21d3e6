//! What a token says, each claim failing alone.

use super::*;

#[test]
fn a_good_token_is_good_once_checked_and_cached() {
    let mut scene = Scene::new();
    let token = scene.signer.sign(&claims());
    assert_eq!(*scene.cookie(&token).unwrap().claims(), claims());
    let checked = scene.verifier.checked();
    assert_eq!((checked.by_host, checked.in_pure_rust), (0, 1));
    assert!(token.len() < 1000, "{}", token.len());
}

#[test]
fn each_claim_is_checked() {
    let mut scene = Scene::new();
    type Change = fn(&mut ApplicationClaims);
    let cases: [(Change, Refusal); 11] = [
        (
            |c| c.iss = "https://evil.example".into(),
            Refusal::TokenNotForHere,
        ),
        (|c| c.kind = "org".into(), Refusal::TokenNotForHere),
        (|c| c.aud = vec!["b".repeat(64)], Refusal::TokenNotForHere),
        (|c| c.aud.push("b".repeat(64)), Refusal::TokenNotForHere),
        (|c| c.aud.clear(), Refusal::TokenNotForHere),
        (
            |c| c.usage = Some(TokenUse::Header),
            Refusal::TokenNotForHere,
        ),
        (
            |c| c.nbf = NOW + Duration::from_secs(31),
            Refusal::NotYetValid,
        ),
        (
            |c| c.exp = NOW - Duration::from_secs(30),
            Refusal::SessionExpired,
        ),
        (|c| c.cnf = None, Refusal::BindingMissing),
        (
            |c| c.cnf = Confirmation::of_cookie(base64url::encode(&[8; 32]).as_bytes()),
            Refusal::BindingMismatch,
        ),
        (|c| c.rule = "gone".into(), Refusal::SessionExpired),
    ];
    for (change, refusal) in cases {
        assert_eq!(scene.changed(change).err(), Some(refusal));
    }
    assert!(
        scene
            .changed(|c| c.nbf = NOW + Duration::from_secs(30))
            .is_ok()
    );
    assert!(
        scene
            .changed(|c| c.exp = NOW - Duration::from_secs(29))
            .is_ok()
    );
}
