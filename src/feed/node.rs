//! The name of the Envoy node, by which the control service recognises a proxy that was restarted.

use hmac_sha256::Hash;

use crate::protocol::base64url;
use crate::reply::percent_encode;

/// The longest name that is sent as it is.
const LONGEST: usize = 256;

/// The name of a node from its id and cluster (`--service-node`, `--service-cluster`), in visible
/// ASCII: `<cluster>/<id>`, or `<id>` without a cluster. `None` without an id.
///
/// Both parts are percent-encoded, so that no two nodes have the same name. A name that is too long
/// is replaced by its SHA-256.
#[must_use]
pub fn node_name(id: &[u8], cluster: &[u8]) -> Option<String> {
    if id.is_empty() {
        return None;
    }
    let mut name = percent_encode(id);
    if !cluster.is_empty() {
        name = format!("{}/{name}", percent_encode(cluster));
    }
    if name.len() > LONGEST {
        name = format!("sha256:{}", base64url::encode(&Hash::hash(name.as_bytes())));
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_nodes_never_have_the_same_name() {
        let name = |id: &str, cluster: &str| node_name(id.as_bytes(), cluster.as_bytes());
        assert_eq!(name("", ""), None);
        assert_eq!(name("", "edge"), None, "a cluster is no node");
        assert_eq!(name("envoy-1", "").unwrap(), "envoy-1");
        assert_eq!(name("envoy-1", "edge").unwrap(), "edge/envoy-1");
        assert_eq!(name("b/c", "a").unwrap(), "a/b%2Fc");
        assert_eq!(name("c", "a/b").unwrap(), "a%2Fb/c");
        assert_eq!(name("größe 1", "").unwrap(), "gr%C3%B6%C3%9Fe%201");
        let (long, other) = (name(&"x".repeat(300), ""), name(&"x".repeat(301), ""));
        assert_ne!(long, other);
        assert_eq!(long.unwrap().len(), "sha256:".len() + 43);
    }
}
