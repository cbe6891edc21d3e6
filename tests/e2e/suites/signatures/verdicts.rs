//! Envoy's own check and pure Rust give every vector the same verdict, the expected one.

use anyhow::{Result, ensure};
use portcullis_e2e::probe::Probe;

#[test]
fn envoy_and_pure_rust_say_the_same_of_every_vector() -> Result<()> {
    let probe = Probe::start()?;
    let mut wrong = Vec::new();
    let mut by_host = 0;
    for vectors in portcullis_vectors::all()? {
        if !vectors.key_is_used {
            let answer = probe.ask(&vectors)?;
            ensure!(
                answer.is_none(),
                "{} has a key that is taken",
                vectors.source
            );
            continue;
        }
        let Some(verdicts) = probe.ask(&vectors)? else {
            wrong.push(format!("{}: the key is refused", vectors.source));
            continue;
        };
        assert_eq!(verdicts.len(), vectors.checks.len());
        for (check, verdict) in vectors.checks.iter().zip(verdicts) {
            if (verdict.good, verdict.good_in_pure_rust) != (check.good, check.good) {
                wrong.push(format!("{}, {}: {verdict:?}", vectors.source, check.name));
            }
            // What the host cannot do, and what has no DER form to show it.
            let for_host = vectors.jwk["alg"] != "EdDSA"
                && (vectors.jwk["alg"] != "ES256" || has_der_form(&check.signature));
            if verdict.by_host != for_host {
                wrong.push(format!("{}, {}: by_host", vectors.source, check.name));
            }
            by_host += usize::from(verdict.by_host);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(by_host > 1_000, "the host was asked {by_host} times only");
    Ok(())
}

fn has_der_form(signature: &[u8]) -> bool {
    let not_zero = |half: &[u8]| half.iter().any(|byte| *byte != 0);
    signature.len() == 64 && signature.chunks(32).all(not_zero)
}
