//! What is read from claims: address, groups, and what the configuration names.

use portcullis_control::identity_providers::error::ProviderError;
use portcullis_control::identity_providers::identity::Authentication;
use serde_json::{Value, json};

use super::{Scene, fault, wrong};
use crate::openid_provider::{ACCESS_TOKEN, Reply, USERINFO};

#[tokio::test]
async fn b09_an_address_must_be_verified() {
    let scene = Scene::new().await;
    for verified in [
        json!(false),
        json!("false"),
        json!("TRUE"),
        json!(1),
        json!(null),
        json!([]),
    ] {
        let token = scene.token().with("email_verified", verified.clone());
        let error = scene.sign_in(&token).await.unwrap_err();
        assert_eq!(error.reason(), "email_not_verified", "{verified}");
    }
    let token = scene.token().with("email_verified", json!("true"));
    assert!(scene.sign_in(&token).await.unwrap().email.unwrap().verified);
    let error = scene
        .sign_in(&scene.token().without("email_verified"))
        .await;
    assert_eq!(error.unwrap_err().reason(), "email_not_verified");
}

#[tokio::test]
async fn an_address_of_entra_id_is_verified_by_xms_edov() {
    let scene = Scene::new().await;
    for (edov, verified) in [
        (json!(true), true),
        (json!(1), true),
        (json!("1"), true),
        (json!(false), false),
        (json!(0), false),
        (json!("0"), false),
    ] {
        let token = scene.token().without("email_verified");
        let outcome = scene.sign_in(&token.with("xms_edov", edov.clone())).await;
        assert_eq!(outcome.is_ok(), verified, "{edov}");
    }
    // Where the provider says no, the other claim does not say yes.
    let token = scene.token().with("email_verified", json!(false));
    scene
        .sign_in(&token.with("xms_edov", json!(true)))
        .await
        .unwrap_err();
}

#[tokio::test]
async fn a_trusted_provider_need_not_verify() {
    let scene = Scene::with("trust_email = true\nemail_domains = [\"example.com\"]").await;
    for (email, spoken_for) in [
        ("ana@example.com", true),
        ("ANA@EXAMPLE.COM", true),
        ("ana@sub.example.com", false),
        ("ana@example.com.evil.example", false),
        ("ana@notexample.com", false),
    ] {
        let token = scene
            .token()
            .with("email", json!(email))
            .without("email_verified");
        let email = scene.sign_in(&token).await.unwrap().email.unwrap();
        assert_eq!((email.verified, email.spoken_for), (false, spoken_for));
    }
}

#[tokio::test]
async fn an_address_that_is_none_is_refused() {
    let scene = Scene::new().await;
    for email in [
        "ana",
        "@example.com",
        "ana@",
        "\"ana@example.com\"@evil.example",
        "ana@example.com, bob@example.com",
        "ana\u{200b}@example.com",
        "\u{ff41}na@example.com",
    ] {
        let token = scene.token().with("email", json!(email));
        let error = scene.sign_in(&token).await.unwrap_err();
        assert_eq!(error.reason(), "email_invalid", "{email}");
        assert!(!error.to_string().contains(email), "{error}");
    }
    let token = scene.token().with("email", json!(["ana@example.com"]));
    assert_eq!(fault(scene.sign_in(&token).await), wrong("email"));
}

#[tokio::test]
async fn a_person_may_have_no_address() {
    let scene = Scene::with("scopes = [\"openid\"]").await;
    let token = scene.token().without("email").without("email_verified");
    assert_eq!(scene.sign_in(&token).await.unwrap().email, None);
    assert_eq!(scene.provider.count(USERINFO), 0);
}

#[tokio::test]
async fn groups_are_read_by_name_or_path() {
    for (claim, value, groups) in [
        ("groups", json!(["b", "a", "b"]), &["a", "b"][..]),
        ("groups", json!("only"), &["only"]),
        ("groups", json!([]), &[]),
        ("groups", json!(null), &[]),
        ("https://example.com/groups", json!(["a.b"]), &["a.b"]),
    ] {
        let scene = Scene::with(&format!("groups_claim = \"{claim}\"")).await;
        let token = scene.token().with(claim, value);
        assert_eq!(scene.sign_in(&token).await.unwrap().groups, groups);
    }
    let scene = Scene::with("groups_claim = \"resource_access.portcullis.roles\"").await;
    let nested = json!({ "portcullis": { "roles": ["admin"] }, "other": { "roles": ["x"] } });
    let token = scene.token().with("resource_access", nested);
    assert_eq!(scene.sign_in(&token).await.unwrap().groups, ["admin"]);
    assert!(
        scene
            .sign_in(&scene.token())
            .await
            .unwrap()
            .groups
            .is_empty()
    );
    for bad in [json!(7), json!({ "a": true }), json!(["a", 7])] {
        let scene = Scene::with("groups_claim = \"groups\"").await;
        let token = scene.token().with("groups", bad);
        assert_eq!(fault(scene.sign_in(&token).await), wrong("groups_claim"));
    }
}

#[tokio::test]
async fn five_hundred_groups_are_all_there() {
    let scene = Scene::with("groups_claim = \"groups\"").await;
    let names: Vec<String> = (0..500)
        .map(|n| format!("group-{n:03}-{}", "x".repeat(50)))
        .collect();
    let token = scene.token().with("groups", json!(names));
    assert_eq!(scene.sign_in(&token).await.unwrap().groups, names);
}

#[tokio::test]
async fn b09_groups_that_the_provider_left_out_are_not_no_groups() {
    let scene = Scene::with("groups_claim = \"groups\"").await;
    for (claim, value) in [
        ("_claim_names", json!({ "groups": "src1" })),
        ("hasgroups", json!(true)),
    ] {
        let token = scene.token().with(claim, value);
        let error = scene.sign_in(&token).await.unwrap_err();
        assert_eq!(error.reason(), "groups_left_out");
    }
}

#[tokio::test]
async fn configured_claims_are_copied_up_to_1_kb() {
    let scene = Scene::with("claims = [\"department\", \"address.country\", \"absent\"]").await;
    let token = scene
        .token()
        .with("department", json!("Sales"))
        .with("address", json!({ "country": "PT", "street": "…" }))
        .with("salary", json!(7));
    let copied = scene.sign_in(&token).await.unwrap().claims;
    let expected = json!({ "department": "Sales", "address.country": "PT" });
    assert_eq!(Value::Object(copied), expected);
    let token = scene.token().with("department", json!("x".repeat(1_100)));
    let ProviderError::ClaimsTooLarge { .. } = scene.sign_in(&token).await.unwrap_err() else {
        panic!("too many claims were taken");
    };
}

#[tokio::test]
async fn userinfo_is_asked_for_what_is_missing_only() {
    let scene = Scene::with("groups_claim = \"groups\"\nclaims = [\"department\"]").await;
    scene.provider.script().userinfo = json!({
        "sub": "ana",
        "email": "other@example.com",
        "email_verified": true,
        "groups": ["staff"],
        "department": "Sales",
    });
    let complete = scene
        .token()
        .with("groups", json!(["own"]))
        .with("department", json!("Own"));
    scene.sign_in(&complete).await.unwrap();
    assert_eq!(scene.provider.count(USERINFO), 0);
    let proven = scene.sign_in(&scene.token()).await.unwrap();
    assert_eq!(proven.groups, ["staff"]);
    assert_eq!(proven.claims["department"], "Sales");
    // What the ID token says is not replaced.
    assert_eq!(proven.email.unwrap().address.normal(), "ana@example.com");
    let authorization = scene.provider.last(USERINFO).authorization.unwrap();
    assert_eq!(authorization, format!("Bearer {ACCESS_TOKEN}"));
}

#[tokio::test]
async fn an_address_is_not_verified_by_what_userinfo_says_of_another() {
    let scene = Scene::new().await;
    let userinfo = |email: &str| json!({ "sub": "ana", "email": email, "email_verified": true });
    scene.provider.script().userinfo = userinfo("other@example.com");
    let token = scene.token().without("email_verified");
    let error = scene.sign_in(&token).await.unwrap_err();
    assert_eq!(error.reason(), "email_not_verified");
    scene.provider.script().userinfo = userinfo("ana@example.com");
    assert!(scene.sign_in(&token).await.unwrap().email.unwrap().verified);
}

#[tokio::test]
async fn an_address_of_userinfo_is_not_verified_by_an_id_token_without_it() {
    let scene = Scene::new().await;
    for (claim, value) in [("email_verified", json!(true)), ("xms_edov", json!(true))] {
        let token = scene.token().without("email").without("email_verified");
        let token = token.with(claim, value);
        for verified in [json!(false), Value::Null] {
            let userinfo = json!({
                "sub": "ana",
                "email": "ceo@example.com",
                "email_verified": verified,
            });
            scene.provider.script().userinfo = userinfo;
            let error = scene.sign_in(&token).await.unwrap_err();
            assert_eq!(error.reason(), "email_not_verified", "{claim} {verified}");
        }
    }
}

#[tokio::test]
async fn userinfo_does_not_verify_an_address_that_the_id_token_calls_unverified() {
    let scene = Scene::with("groups_claim = \"groups\"").await;
    scene.provider.script().userinfo = json!({
        "sub": "ana",
        "email": "ana@example.com",
        "email_verified": true,
    });
    let token = scene.token().without("email_verified");
    let token = token.with("xms_edov", json!(false));
    let error = scene.sign_in(&token).await.unwrap_err();
    assert_eq!(error.reason(), "email_not_verified");
}

#[tokio::test]
async fn b09_userinfo_does_not_say_how_a_person_signed_in() {
    let scene = Scene::with("groups_claim = \"groups\"\nclaims = [\"acr\"]").await;
    scene.provider.script().userinfo = json!({
        "sub": "ana",
        "groups": ["staff"],
        "amr": ["mfa"],
        "acr": "high",
        "auth_time": scene.now(),
        "sid": "another-session",
    });
    let proven = scene.sign_in(&scene.token()).await.unwrap();
    assert_eq!(proven.groups, ["staff"]);
    assert_eq!(proven.authentication, Authentication::default());
    assert_eq!(proven.sid, None);
    assert!(proven.claims.is_empty(), "{:?}", proven.claims);
}

#[tokio::test]
async fn userinfo_about_somebody_else_is_refused() {
    let scene = Scene::new().await;
    for sub in [json!("bob"), json!(""), json!(null), json!(["ana"])] {
        let email = json!({ "sub": sub, "email": "bob@example.com", "email_verified": true });
        scene.provider.script().userinfo = email;
        let error = scene
            .sign_in(&scene.token().without("email"))
            .await
            .unwrap_err();
        assert_eq!(error.reason(), "userinfo_mismatch");
    }
    for reply in [
        Reply::text("eyJ.signed.jwt"),
        Reply::json(&json!({})).status(403),
    ] {
        scene.provider.reply(USERINFO, reply);
        let error = scene
            .sign_in(&scene.token().without("email"))
            .await
            .unwrap_err();
        assert_eq!(error.reason(), "provider_answer_invalid");
    }
}
