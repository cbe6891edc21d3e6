//! The sites of the stand. To a browser, `a.b.localhost` and `b.localhost` are one site, and
//! `c.localhost` is another (HTML, "same site").

/// Where applications are, unless a test wants another place.
pub const APPLICATIONS: &str = "apps.localhost";
/// Where an application is of one site with the team domain.
pub const WITH_TEAM_DOMAIN: &str = "team.localhost";
/// Where one application has all hostnames that no other one names.
pub const PREVIEWS: &str = "preview.localhost";
/// An unrelated site. Chromium keeps no cookies of other sites in frames there.
pub const OTHER: &str = "other.localhost";
/// An unrelated site, where Chromium may keep cookies of other sites in frames.
pub const EMBEDDING: &str = "embedding.localhost";
/// Chromium keeps no cookies for this site.
pub const WITHOUT_COOKIES: &str = "without-cookies.localhost";

/// The names that the stand's certificate covers.
pub(crate) const HOSTNAMES: &[&str] = &[
    "*.apps.localhost",
    "*.team.localhost",
    "*.preview.localhost",
    "*.other.localhost",
    "*.embedding.localhost",
    "*.without-cookies.localhost",
];
