//! Keys derived from the secret, one per purpose: the first secret signs, all verify.
use crate::{
    actor::Claims,
    problem::{Checked, Problem, Result},
};
use aws_lc_rs::{constant_time, hmac};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, errors::ErrorKind};
use secrecy::{ExposeSecret, SecretString};

/// Signs and checks everything that clients return and must not change.
pub struct Keys {
    roots: Vec<hmac::Key>,
    sign: EncodingKey,
    verify: Vec<DecodingKey>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}

impl Keys {
    /// From the secrets of the configuration; at least one.
    pub fn new(secrets: &[SecretString]) -> Self {
        let roots: Vec<_> =
            secrets.iter().map(|secret| hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes())).collect();
        let derived: Vec<_> = roots.iter().map(|root| hmac::sign(root, b"wassally access token")).collect();
        let first = derived.first().expect("the configuration has a secret: the start made one");
        Self {
            sign: EncodingKey::from_secret(first.as_ref()),
            verify: derived.iter().map(|key| DecodingKey::from_secret(key.as_ref())).collect(),
            roots,
        }
    }

    /// An access token of these claims.
    pub fn access_token(&self, claims: &Claims) -> Result<String> {
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &self.sign).map_err(crate::Error::broken)
    }

    /// The claims of a token, if one of our secrets signed it and it has not expired by `now` (seconds since 1970).
    ///
    /// Errors: 401 `token_expired` or `unauthorized`.
    pub fn read_access(&self, token: &str, now: i64) -> Checked<Claims> {
        let mut validation = Validation::new(Algorithm::HS256);
        // The database's time decides, not this machine's.
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        for key in &self.verify {
            match jsonwebtoken::decode::<Claims>(token, key, &validation) {
                Ok(read) if read.claims.exp <= now => return Err(Problem::new(401, "token_expired")),
                Ok(read) => return Ok(read.claims),
                Err(error) if matches!(error.kind(), ErrorKind::InvalidSignature) => {}
                Err(_) => break,
            }
        }
        Err(Problem::unauthorized())
    }

    /// A keyed digest for `purpose`, by the first secret.
    pub fn mac(&self, purpose: &str, message: &[u8]) -> [u8; 32] {
        mac(&self.roots[0], purpose, message)
    }

    /// Whether `tag` is the digest of `message` by any of our secrets, in constant time.
    pub fn is_mac(&self, purpose: &str, message: &[u8], tag: &[u8]) -> bool {
        self.roots.iter().any(|root| constant_time::verify_slices_are_equal(&mac(root, purpose, message), tag).is_ok())
    }
}

fn mac(root: &hmac::Key, purpose: &str, message: &[u8]) -> [u8; 32] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(root, purpose.as_bytes()).as_ref());
    hmac::sign(&key, message).as_ref().try_into().expect("SHA-256 has 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::Actor;

    fn keys(secrets: &[&str]) -> Keys {
        Keys::new(&secrets.iter().map(|&secret| secret.to_owned().into()).collect::<Vec<_>>())
    }

    #[test]
    fn an_older_secret_still_verifies_and_a_stranger_does_not() {
        let token = keys(&["old"]).access_token(&Actor::system()).expect("signs");
        assert!(keys(&["new", "old"]).read_access(&token, 0).is_ok());
        assert_eq!(keys(&["new"]).read_access(&token, 0).expect_err("another secret").code, "unauthorized");
    }

    #[test]
    fn an_expired_token_and_a_bad_one_have_different_errors() {
        let keys = keys(&["one"]);
        let token = keys.access_token(&Claims { exp: 10, ..(*Actor::system()).clone() }).expect("signs");
        assert_eq!(keys.read_access(&token, 10).expect_err("expired").code, "token_expired");
        assert_eq!(keys.read_access("x.y.z", 0).expect_err("garbage").code, "unauthorized");
    }

    #[test]
    fn a_digest_is_bound_to_its_purpose() {
        let keys = keys(&["one"]);
        let tag = keys.mac("pin", b"order");
        assert!(keys.is_mac("pin", b"order", &tag));
        assert!(!keys.is_mac("token", b"order", &tag));
    }
}
