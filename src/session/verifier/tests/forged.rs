//! Tokens that the control service did not sign.

use super::*;

#[test]
fn forged_tokens_open_nothing() {
    let mut scene = Scene::new();
    let good = scene.signer.sign(&claims());
    let payload = serde_json::to_vec(&claims()).unwrap();
    let stranger = Signer::new();
    assert_eq!(
        scene.cookie(&stranger.sign(&claims())).err(),
        Some(Refusal::KeyUnknown)
    );
    let impostor = Signer {
        kid: scene.signer.kid.clone(),
        ..Signer::new()
    };
    assert_eq!(
        scene.cookie(&impostor.sign(&claims())).err(),
        Some(Refusal::SignatureInvalid)
    );
    for alg in ["none", "HS256", "RS256", "es256", "ES384"] {
        let header = serde_json::json!({"alg": alg, "typ": "app+jwt", "kid": scene.signer.kid});
        let token = scene.signer.sign_raw(&header, &payload);
        assert_eq!(
            scene.cookie(&token).err(),
            Some(Refusal::TokenMalformed),
            "{alg}"
        );
    }
    let session = scene.signer.sign_as(SESSION_TYP, &payload);
    assert_eq!(scene.cookie(&session).err(), Some(Refusal::TokenNotForHere));
    let no_claims = scene.signer.sign_as(APPLICATION_TYP, b"{}");
    assert_eq!(
        scene.cookie(&no_claims).err(),
        Some(Refusal::TokenMalformed)
    );
    let other = {
        let mut c = claims();
        c.sub = "x".into();
        scene.signer.sign(&c)
    };
    let (head, _) = good.rsplit_once('.').unwrap();
    let (_, foreign) = other.rsplit_once('.').unwrap();
    assert_eq!(
        scene.cookie(&format!("{head}.{foreign}")).err(),
        Some(Refusal::SignatureInvalid)
    );
    assert_eq!(
        scene.cookie(&format!("{head}.")).err(),
        Some(Refusal::SignatureInvalid)
    );
}
