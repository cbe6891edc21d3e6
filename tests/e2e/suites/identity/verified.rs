//! The snippets of docs/APPLICATIONS.md, run with others' libraries and tokens of real sign-ins.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use portcullis::protocol::base64url;
use portcullis_demo::control::User;
use portcullis_demo::origin::echo::Echo;
use portcullis_demo::tools::Tools;
use portcullis_e2e::clock::{StandWithClock, stand_with_clock};
use portcullis_e2e::{Application, ApplicationSettings, Stand, header_tokens, tokens};
use serde_json::{Value, json};

const PAGE: &str = include_str!("../../../../docs/APPLICATIONS.md");
const DAY: i64 = 24 * 60 * 60;
const HOUR: i64 = 60 * 60;

/// A language of the page, with the program that runs its snippet.
struct Verifier {
    /// The language of the page's block.
    language: &'static str,
    program: &'static str,
    runner: &'static str,
    /// What the library says of a token of another application, of another issuer, of one that
    /// has expired, and of one that was changed.
    refusals: [&'static str; 4],
}

const VERIFIERS: [Verifier; 2] = [
    Verifier {
        language: "js",
        program: "node",
        runner: "run.mjs",
        refusals: [
            "ERR_JWT_CLAIM_VALIDATION_FAILED aud",
            "ERR_JWT_CLAIM_VALIDATION_FAILED iss",
            "ERR_JWT_EXPIRED exp",
            "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
        ],
    },
    Verifier {
        language: "python",
        program: "venv/bin/python",
        runner: "run.py",
        refusals: [
            "InvalidAudienceError",
            "InvalidIssuerError",
            "ExpiredSignatureError",
            "InvalidSignatureError",
        ],
    },
];

/// The settings of an application, as its environment has them.
struct Environment<'a> {
    stand: &'a Stand,
    team_domain: String,
    jwks_url: Option<String>,
    audience: &'a str,
}

impl Verifier {
    /// What the snippet says of requests with these headers.
    fn judge(&self, environment: &Environment<'_>, requests: &[Value]) -> Result<Vec<Value>> {
        let home = Tools::target()?.join("verifiers");
        let snippet = self.snippet(environment.stand, &home)?;
        let program = home.join(self.program);
        let program = if program.is_file() {
            program
        } else {
            self.program.into()
        };
        let runner = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("verifiers")
            .join(self.runner);
        let authority = &environment.stand.deployment.certificates.authority;
        let mut command = Command::new(program);
        command
            .arg(runner)
            .arg(snippet)
            .env("TEAM_DOMAIN", &environment.team_domain)
            .env("AUDIENCE", environment.audience)
            .env("NODE_EXTRA_CA_CERTS", authority)
            .env("SSL_CERT_FILE", authority)
            .env_remove("JWKS_URL");
        if let Some(url) = &environment.jwks_url {
            command.env("JWKS_URL", url);
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("run `make verifiers`")?;
        let mut input = child.stdin.take().context("no standard input")?;
        for request in requests {
            writeln!(input, "{request}")?;
        }
        drop(input);
        let output = child.wait_with_output()?;
        let error = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{}: {error}", self.language);
        let lines = String::from_utf8(output.stdout)?;
        Ok(lines
            .lines()
            .map(serde_json::from_str)
            .collect::<Result<_, _>>()?)
    }

    /// The snippet in a file, beside which its library is found.
    fn snippet(&self, stand: &Stand, home: &Path) -> Result<PathBuf> {
        let begin = format!("```{}\n", self.language);
        let (_, rest) = PAGE.split_once(&begin).context("no snippet")?;
        let (snippet, after) = rest.split_once("```\n").context("no end")?;
        ensure!(!after.contains(&begin), "several snippets: which one?");
        let directory = stand.deployment.directory().join("verifiers");
        fs::create_dir_all(&directory)?;
        let modules = directory.join("node_modules");
        if !modules.exists() {
            std::os::unix::fs::symlink(home.join("node_modules"), modules)?;
        }
        let extension = if self.language == "js" { "mjs" } else { "py" };
        let file = directory.join("snippet").with_extension(extension);
        fs::write(&file, snippet)?;
        Ok(file)
    }
}

fn with(token: &str) -> Value {
    json!({ "x-access-jwt-assertion": token })
}

/// The token that the application receives.
fn received(stand: &Stand, user: &User, application: &Application) -> Result<Value> {
    let mut browser = stand.sign_in(user, application)?;
    let echo: Echo = serde_json::from_str(&browser.fetch(&application.url("/api/echo"))?.text())?;
    let headers = echo
        .headers
        .into_iter()
        .map(|(name, value)| (name, json!(value)));
    Ok(headers.collect::<serde_json::Map<_, _>>().into())
}

/// A genuine token that expired an hour ago.
fn expired(clock: &StandWithClock, user: &User, application: &Application) -> Result<String> {
    let stand = &clock.stand;
    clock.shift(-DAY - HOUR)?;
    let mut browser = stand.browser()?;
    let address = format!("{}/login", stand.deployment.team_domain());
    let made = browser
        .sign_in(&address, user)
        .and_then(|_| header_tokens::make(stand, &mut browser, application));
    clock.shift(0)?;
    made
}

/// A token with another subject, with another signature, without one, and signed with the public
/// key as if that were a secret.
fn changed(token: &str) -> Result<[String; 4]> {
    let (header, claims) = tokens::unverified(token)?;
    let encode = |value: &Value| base64url::encode(value.to_string().as_bytes());
    let mut parts = token.split('.');
    let mut part = || parts.next().context("too few parts");
    let (head, payload, signature) = (part()?, part()?, part()?);
    let mut evil = claims.clone();
    evil["sub"] = json!("evil");
    let mut bytes = base64url::decode(signature.as_bytes()).context("no signature")?;
    bytes[40] ^= 1;
    let alg = |name: &str| {
        let mut header = header.clone();
        header["alg"] = json!(name);
        encode(&header)
    };
    Ok([
        format!("{head}.{}.{signature}", encode(&evil)),
        format!("{head}.{payload}.{}", base64url::encode(&bytes)),
        format!("{}.{payload}.", alg("none")),
        format!("{}.{payload}.{signature}", alg("HS256")),
    ])
}

#[test]
fn the_snippets_for_applications_accept_and_refuse_what_they_should() -> Result<()> {
    let clock = stand_with_clock()?;
    let stand = &clock.stand;
    let settings = ApplicationSettings {
        session_duration: "24h",
        options: &["--header-tokens", "true"],
        ..ApplicationSettings::default()
    };
    let application = stand.application(&settings)?;
    let other = stand.application(&settings)?;
    let user = stand.user()?;
    let genuine = received(stand, &user, &application)?;
    let token = genuine["x-access-jwt-assertion"]
        .as_str()
        .context("no token")?;
    let foreign = received(stand, &user, &other)?;
    let expired = expired(&clock, &user, &application)?;
    let browser = stand.sign_in(&user, &application)?;
    let global = tokens::session(&browser)?.value.clone();
    let [subject, signature, none, symmetric] = changed(token)?;

    let team_domain = stand.deployment.team_domain();
    let right = Environment {
        stand,
        jwks_url: None,
        audience: &application.audience,
        team_domain: team_domain.clone(),
    };
    let other_issuer = Environment {
        stand,
        jwks_url: Some(format!("{team_domain}/.well-known/jwks.json")),
        audience: &application.audience,
        team_domain: "https://team.example.com".to_owned(),
    };
    for verifier in &VERIFIERS {
        let [audience, issuer, end, signed] = verifier.refusals;
        let requests = [
            (genuine.clone(), None),
            (foreign.clone(), Some(audience)),
            (with(&expired), Some(end)),
            (with(&subject), Some(signed)),
            (with(&signature), Some(signed)),
            (with(&none), Some("")),
            (with(&symmetric), Some("")),
            (with(&global), Some("")),
            (with("x.y.z"), Some("")),
            (
                json!({ "x-access-user-email": user.email }),
                Some("did not come through Portcullis"),
            ),
            (genuine.clone(), None),
        ];
        let heads: Vec<Value> = requests.iter().map(|(head, _)| head.clone()).collect();
        let judged = verifier.judge(&right, &heads)?;
        ensure!(judged.len() == requests.len(), "{judged:?}");
        for ((head, refusal), judged) in requests.iter().zip(&judged) {
            match refusal {
                None => assert_eq!(
                    *judged,
                    json!({ "user": { "id": user.id, "email": user.email } })
                ),
                Some(why) => {
                    let error = judged["error"]
                        .as_str()
                        .with_context(|| format!("{head}: {judged}"))?;
                    ensure!(error.contains(why), "{}: {why}: {error}", verifier.language);
                }
            }
        }
        let judged = verifier.judge(&other_issuer, std::slice::from_ref(&genuine))?;
        let error = judged[0]["error"]
            .as_str()
            .context("another issuer's token was accepted")?;
        ensure!(error.contains(issuer), "{error}");
    }
    Ok(())
}
