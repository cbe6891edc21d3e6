//! `provider list` and `provider check`, the program itself against a provider.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::configuration;
use crate::cli::certificates::Authority;
use crate::cli::program;
use crate::openid_provider::keys::Key;
use crate::openid_provider::{DISCOVERY, JWKS, OpenIdProvider, Reply};

const HIDDEN: &str = "hunter2-is-the-secret";

/// A provider, and a configuration file with it.
struct Scene {
    provider: OpenIdProvider,
    directory: TempDir,
}

impl Scene {
    async fn with(settings: &str) -> Self {
        let provider = OpenIdProvider::start().await;
        let directory = TempDir::new().unwrap();
        let secret = directory.path().join("secret");
        std::fs::write(&secret, HIDDEN).unwrap();
        let authentication = if settings.contains("private_key_file") {
            String::new()
        } else {
            format!("client_secret_file = {:?}\n", secret.to_str().unwrap())
        };
        let scene = Self {
            provider,
            directory,
        };
        scene.configure(&format!("{authentication}{settings}"));
        scene
    }

    fn configure(&self, settings: &str) {
        let server = "[server]\nteam_domain = \"https://team.example.com\"\n\n";
        let file = server.to_owned() + &configuration(&self.provider.issuer, settings);
        std::fs::write(self.directory.path().join("control.toml"), file).unwrap();
    }

    /// Runs the program; its output, which never holds the secret.
    async fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(arguments, &[]).await
    }

    /// The same with these variables in its environment.
    async fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        let file = self.directory.path().join("control.toml");
        let mut command = program(Path::new("/nonexistent"), arguments);
        command.arg("--config").arg(file);
        command.envs(variables.iter().copied());
        let output = tokio::task::spawn_blocking(move || command.output());
        let output = output.await.unwrap().unwrap();
        for stream in [&output.stdout, &output.stderr] {
            let text = String::from_utf8_lossy(stream);
            assert!(!text.contains(HIDDEN), "{text}");
            assert!(!text.contains("PRIVATE KEY"), "{text}");
        }
        output
    }

    async fn check(&self) -> (i32, Value) {
        let output = self.run(&["provider", "check", "corp", "--json"]).await;
        let report = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code().unwrap(), report)
    }
}

/// The results of a check, and the messages of those that do not fit.
fn of(report: &Value, check: &str) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    let of_check = findings.filter(|finding| finding["check"] == check);
    of_check
        .map(|finding| finding["result"].as_str().unwrap().to_owned())
        .collect()
}

fn problems(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .filter(|finding| finding["result"] == "problem")
        .map(|finding| {
            let (check, message) = (&finding["check"], &finding["message"]);
            format!("{}: {}", check.as_str().unwrap(), message.as_str().unwrap())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn b09_a_provider_that_fits_is_checked_with_success() {
    let scene = Scene::with("response_mode = \"form_post\"\n").await;
    let (status, report) = scene.check().await;
    assert_eq!((status, problems(&report)), (0, Vec::new()), "{report}");
    assert_eq!(report["ok"], true);
    let redirect_uri = "https://team.example.com/callback/corp";
    assert_eq!(report["register"]["redirect_uri"], redirect_uri);
    assert_eq!(
        report["register"]["backchannel_logout_uri"],
        "https://team.example.com/backchannel-logout/corp"
    );
    let logout = "https://team.example.com/logout";
    assert_eq!(report["register"]["post_logout_redirect_uri"], logout);
    for check in [
        "discovery",
        "keys",
        "PKCE",
        "`iss` in responses",
        "sign-out",
        "code flow",
    ] {
        assert_eq!(of(&report, check), ["ok"], "{check}");
    }
    assert_eq!(of(&report, "back-channel logout"), ["note"]);
    let text = scene.run(&["provider", "check", "corp"]).await;
    let text = String::from_utf8(text.stdout).unwrap();
    for part in [
        redirect_uri,
        "post-logout redirect URI  https://team.example.com/logout",
        "ok       PKCE: knows S256",
        "note     back-channel logout: ",
    ] {
        assert!(text.contains(part), "no {part} in {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b09_everything_that_must_be_changed_is_said_at_once() {
    let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("client.pem");
    std::fs::write(&file, key).unwrap();
    let scene = Scene::with(&format!(
        "private_key_file = {:?}\nresponse_mode = \"form_post\"\nrecheck = \"1h\"\n\
         groups_claim = \"groups\"\n",
        file.to_str().unwrap()
    ))
    .await;
    let changes = json!({
        "id_token_signing_alg_values_supported": ["HS256", "none"],
        "response_types_supported": ["id_token"],
        "code_challenge_methods_supported": ["plain"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "token_endpoint_auth_signing_alg_values_supported": ["PS512"],
        "response_modes_supported": ["fragment"],
        "claims_supported": ["sub"],
        "scopes_supported": ["openid"],
    });
    for (field, value) in changes.as_object().unwrap() {
        scene.provider.script().discovery[field] = value.clone();
    }
    scene.provider.reply(JWKS, Reply::text("{\"keys\": []}"));
    let (status, report) = scene.check().await;
    assert_eq!(status, 1);
    assert_eq!(report["ok"], false);
    let problems = problems(&report);
    let expected = [
        "keys: has no key for any of",
        "algorithms: signs ID tokens by none of",
        "code flow: `response_types_supported` does not contain code",
        "PKCE: does not know S256",
        "client: `token_endpoint_auth_methods_supported` does not contain private_key_jwt",
        "client: `token_endpoint_auth_signing_alg_values_supported` does not contain ES256",
        "response mode: `response_modes_supported` does not contain form_post",
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:?}");
    for (problem, expected) in problems.iter().zip(expected) {
        assert!(problem.starts_with(expected), "{problem}");
    }
    assert_eq!(of(&report, "claims"), ["note", "note"]);
    assert_eq!(of(&report, "scopes"), ["note", "note"]);
    assert_eq!(of(&report, "recheck"), ["note"]);
    assert_eq!(report["register"]["public_key"]["kty"], "EC");
    assert!(report["register"]["public_key"].get("d").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_cannot_be_used_fails_with_what_to_do() {
    let mut scene = Scene::with("").await;
    let issuer = scene.provider.issuer.clone();
    scene.provider.script().discovery["issuer"] = json!(format!("{issuer}/"));
    let (status, report) = scene.check().await;
    let problem = &problems(&report)[0];
    assert_eq!(status, 1);
    assert!(problem.contains("equal byte for byte"), "{problem}");
    scene.provider.reply(DISCOVERY, Reply::text("").status(404));
    let (_, report) = scene.check().await;
    let problem = &problems(&report)[0];
    assert!(problem.contains("is the issuer complete"), "{problem}");
    scene.provider.behave(DISCOVERY);
    scene.provider.stop().await;
    let output = scene.run(&["provider", "check", "corp"]).await;
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("PROBLEM  discovery: "), "{text}");
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("`corp` cannot be used like this"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_not_here_is_noted_or_a_problem() {
    let scene = Scene::with("").await;
    scene.configure("client_secret_env = \"NO_SUCH_SECRET\"\n");
    let (status, report) = scene.check().await;
    assert_eq!(
        (status, of(&report, "client")),
        (0, vec!["note".to_owned()])
    );
    scene.configure("client_secret_file = \"/nonexistent/secret\"\n");
    let (status, report) = scene.check().await;
    assert_eq!(status, 1);
    assert!(
        problems(&report)[0].contains("/nonexistent/secret"),
        "{report}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_everybody_can_read_is_noted() {
    let scene = Scene::with("").await;
    let (_, report) = scene.check().await;
    assert!(of(&report, "client").contains(&"ok".to_owned()));
    let names = ["secret", "revocation.token", "events.token"];
    let files = names.map(|name| scene.directory.path().join(name));
    let [secret, revocation, events] = &files;
    for token in [revocation, events] {
        std::fs::write(token, "x".repeat(32)).unwrap();
    }
    scene.configure(&format!(
        "client_secret_file = {secret:?}\n\
         [identity_providers.global_token_revocation]\ntoken_file = {revocation:?}\n\
         [[identity_providers.events]]\naudience = \"us\"\ntoken_file = {events:?}\n",
    ));
    let set = |file: &Path, mode| {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(file, permissions).unwrap();
    };
    for (mode, noted) in [(0o600, false), (0o640, false), (0o644, true)] {
        for file in &files {
            files.iter().for_each(|one| set(one, 0o600));
            set(file, mode);
            let (status, report) = scene.check().await;
            let note = format!("{} is readable by every user", file.display());
            let found = report.to_string().contains(&note);
            assert_eq!((status, found), (0, noted), "{mode:o} {report}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_an_unknown_authority_is_a_problem_until_it_is_trusted() {
    let directory = TempDir::new().unwrap();
    let authority = Authority::new(directory.path().join("authority.pem"), "company");
    let scene = Scene::with("").await;
    let key = Arc::clone(&scene.provider.script().keys[0]);
    let jwks = json!({ "keys": [key.jwk()] }).to_string();
    let issuer = serve_provider(&authority, jwks).await;
    let settings = format!(
        "client_secret_file = {:?}",
        scene.directory.path().join("secret")
    );
    let file = configuration(&issuer, &settings);
    std::fs::write(scene.directory.path().join("control.toml"), file).unwrap();
    let (status, report) = scene.check().await;
    let problem = &problems(&report)[0];
    assert_eq!(status, 1);
    assert!(problem.contains("SSL_CERT_FILE"), "{problem}");
    let trusted = authority.file.to_str().unwrap().to_owned();
    let arguments = ["provider", "check", "corp", "--json"];
    let output = scene
        .run_with(&arguments, &[("SSL_CERT_FILE", &trusted)])
        .await;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(problems(&report), Vec::<String>::new());
    assert_eq!(output.status.code(), Some(0));
}

/// An https provider on this machine that publishes its documents; its issuer.
async fn serve_provider(authority: &Authority, jwks: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!(
        "https://localhost:{}",
        listener.local_addr().unwrap().port()
    );
    let acceptor = authority.acceptor("localhost");
    let mut discovery = crate::openid_provider::discovery(&issuer);
    discovery["jwks_uri"] = json!(format!("{issuer}/jwks"));
    let documents = [("/jwks", jwks), ("", discovery.to_string())];
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut request = [0; 4096];
            let read = stream.read(&mut request).await.unwrap();
            let text = String::from_utf8_lossy(&request[..read]).into_owned();
            let path = text.split(' ').nth(1).unwrap();
            let mut documents = documents.iter();
            let (_, body) = documents
                .find(|(start, _)| path.starts_with(start))
                .unwrap();
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
            let _ = stream.shutdown().await;
        }
    });
    issuer
}

#[tokio::test(flavor = "multi_thread")]
async fn providers_are_listed_without_their_secrets() {
    let scene = Scene::with("recheck = \"1h\"\ndefault = true\n").await;
    let output = scene.run(&["provider", "list", "--json"]).await;
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(list["items"][0]["id"], "corp");
    assert_eq!(list["items"][0]["client_authentication"], "secret");
    assert_eq!(list["items"][0]["recheck"], "1h");
    let text = scene.run(&["provider", "list"]).await;
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("corp (default)") && text.contains(&scene.provider.issuer));
    let output = scene.run(&["provider", "check", "other", "--json"]).await;
    let error: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(
        (output.status.code(), &error["reason"]),
        (Some(1), &json!("not_found"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_each_accepted_kind_are_named() {
    let scene = Scene::with("").await;
    scene.provider.script().keys = vec![Key::eddsa("a"), Key::rs256("b")];
    let (_, report) = scene.check().await;
    let findings = report["findings"].as_array().unwrap();
    let keys = findings.iter().find(|one| one["check"] == "keys").unwrap();
    assert_eq!(keys["message"], "has keys for RS256, PS256, EdDSA");
}
