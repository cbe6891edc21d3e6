//! Where a token comes from, and the secret that it is bound to.

use super::*;

#[test]
fn a_stolen_token_needs_its_binding_wherever_it_comes_from() {
    let mut scene = Scene::new();
    let token = scene.signer.sign(&claims());
    let (right, wrong) = (binding(), base64url::encode(&[9; 32]));
    for source in [Source::Cookie, Source::Header] {
        let mut judge = |bindings: &[&[u8]]| scene.judge(&token, bindings, source).err();
        assert_eq!(judge(&[]), Some(Refusal::BindingMissing));
        assert_eq!(judge(&[wrong.as_bytes()]), Some(Refusal::BindingMismatch));
        assert_eq!(judge(&[b""]), Some(Refusal::BindingMismatch));
        assert_eq!(
            judge(&[format!("{right}=").as_bytes()]),
            Some(Refusal::BindingMismatch)
        );
        assert_eq!(judge(&[wrong.as_bytes(), right.as_bytes()]), None);
    }
    scene.application = {
        let mut w = wire("a", &[]);
        w.binding = false;
        Application::compile(w).unwrap()
    };
    assert_eq!(
        scene.judge(&token, &[], Source::Cookie).err(),
        Some(Refusal::BindingMissing),
        "carries cnf"
    );
    assert!(scene.changed(|c| c.cnf = None).is_ok());
}

#[test]
fn a_header_token_is_good_in_a_header_only() {
    let mut scene = Scene::new();
    let mut header = claims();
    (header.usage, header.cnf) = (Some(TokenUse::Header), None);
    let token = scene.signer.sign(&header);
    assert!(scene.judge(&token, &[], Source::Header).is_ok());
    assert_eq!(
        scene.judge(&token, &[], Source::Cookie).err(),
        Some(Refusal::TokenNotForHere)
    );
}
