//! The settings of an application, as options.

use clap::{ArgGroup, Args};
use serde_json::{Value, json};

use crate::applications::forward_groups::IN_POLICY;
use crate::applications::{BypassDraft, Draft};

/// Settings of an application. The service checks the values.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("allow").multiple(true)))]
pub struct Settings {
    /// Where it is reached: https://wiki.example.com, with a path prefix if it shares the hostname,
    /// or https://*.preview.example.com for every hostname one label below a domain
    #[arg(long, value_name = "URL", num_args(1..))]
    origin: Option<Vec<String>>,

    /// How long a session at the application lasts: 24h by default; with 0 every page load goes
    /// through the team domain
    #[arg(long, value_name = "DURATION")]
    session_duration: Option<String>,

    /// Keep scripts from reading the token cookie: true by default
    #[arg(long, value_name = "BOOL")]
    http_only: Option<bool>,

    /// When browsers send the cookies across sites: none, lax (default) or strict
    #[arg(long, value_name = "WHEN")]
    same_site: Option<String>,

    /// Partition the cookies by the site in the address bar: false by default
    #[arg(long, value_name = "BOOL")]
    partitioned: Option<bool>,

    /// Bind tokens to the browser with a second cookie: true by default
    #[arg(long, value_name = "BOOL")]
    binding_cookie: Option<bool>,

    /// Accept tokens in headers, for scripts: false by default
    #[arg(long, value_name = "BOOL")]
    header_tokens: Option<bool>,

    /// Refresh expired sessions inside the request: with_binding (default), always or never
    #[arg(long, value_name = "WHEN")]
    refresh_in_request: Option<String>,

    /// The server behind Envoy, for `envoy-config`: http://127.0.0.1:3000, https://wiki.internal,
    /// or h2c://127.0.0.1:50051 for gRPC; without a value: none
    #[arg(long, value_name = "URL", num_args(0..=1), default_missing_value = "")]
    upstream: Option<String>,

    /// How CORS preflights are answered: deny (default), origin or answer
    #[arg(long, value_name = "WHAT")]
    preflight: Option<String>,

    /// Other origins whose pages may read the filter's replies; without a value: none
    #[arg(long, value_name = "ORIGIN", num_args(0..))]
    cors_origin: Option<Vec<String>>,

    /// Paths with an escaped slash or backslash (%2F, %5C): refuse (default), or keep where the
    /// application has its hostnames for itself and no bypass
    #[arg(long, value_name = "WHAT")]
    escaped_slashes: Option<String>,

    /// Let headers that replace the path or the host reach the application, such as x-original-url:
    /// false by default
    #[arg(long, value_name = "BOOL")]
    keep_override_headers: Option<bool>,

    /// Paths that need no session: /health, or /static/* for everything below; without a value:
    /// none
    #[arg(long, value_name = "PATH", num_args(0..))]
    bypass: Option<Vec<String>>,

    /// The groups of a person that the application gets to know: corp:engineering, or `policy` for
    /// those that its policy names; without a value: none
    #[arg(long, value_name = "GROUP", num_args(0..))]
    forward_groups: Option<Vec<String>>,

    /// Admit these users; with `set`, the --allow options together replace the policy
    #[arg(long, value_name = "EMAIL", num_args(1..), group = "allow")]
    allow_email: Vec<String>,

    /// Admit users whose e-mail address ends with @DOMAIN
    #[arg(long, value_name = "DOMAIN", num_args(1..), group = "allow")]
    allow_domain: Vec<String>,

    /// Admit every user who can sign in
    #[arg(long, group = "allow")]
    allow_everyone: bool,

    /// The session duration of the users that the --allow options admit: --session-duration by
    /// default
    #[arg(long, value_name = "DURATION", requires = "allow")]
    allow_session_duration: Option<String>,

    /// Admit nobody
    #[arg(long, conflicts_with_all = ["allow_email", "allow_domain", "allow_everyone"])]
    allow_nobody: bool,
}

impl Settings {
    /// Whether no setting is given.
    pub fn is_empty(&self) -> bool {
        self.to_draft(None) == Draft::default()
    }

    /// The settings in the form that the service accepts.
    pub fn to_draft(&self, name: Option<String>) -> Draft {
        Draft {
            name,
            origins: self.origin.clone(),
            session_duration: self.session_duration.clone(),
            http_only: self.http_only,
            same_site: self.same_site.clone(),
            partitioned: self.partitioned,
            binding_cookie: self.binding_cookie,
            header_tokens: self.header_tokens,
            refresh_in_request: self.refresh_in_request.clone(),
            preflight: self.preflight.clone(),
            cors_origins: self.cors_origin.clone(),
            escaped_slashes: self.escaped_slashes.clone(),
            keep_override_headers: self.keep_override_headers,
            bypass: self
                .bypass
                .as_ref()
                .map(|paths| paths.iter().map(|path| bypass(path)).collect()),
            policy: self.policy(),
            forward_groups: self.forward_groups.as_deref().map(|names| match names {
                [word] if word == IN_POLICY => json!(word),
                names => json!(names),
            }),
            upstream: self.upstream.clone(),
        }
    }

    fn policy(&self) -> Option<Vec<Value>> {
        if self.allow_nobody {
            return Some(Vec::new());
        }
        let list = |selector: &str, values: &[String]| {
            (!values.is_empty()).then(|| json!({ selector: values }))
        };
        let include = [
            list("email", &self.allow_email),
            list("email_domain", &self.allow_domain),
            self.allow_everyone.then(|| json!({ "everyone": true })),
        ];
        let include: Vec<Value> = include.into_iter().flatten().collect();
        if include.is_empty() {
            return None;
        }
        // An absent duration is `null`, which counts as absent.
        Some(vec![json!({
            "id": "allow",
            "action": "allow",
            "include": include,
            "session_duration": self.allow_session_duration,
        })])
    }
}

fn bypass(path: &str) -> BypassDraft {
    let prefix = path.strip_suffix("/*").map(|prefix| match prefix {
        "" => "/".to_owned(),
        prefix => prefix.to_owned(),
    });
    BypassDraft {
        matching: prefix.as_ref().map(|_| "prefix".to_owned()),
        path: prefix.unwrap_or_else(|| path.to_owned()),
        methods: None,
    }
}
