//! The people of a load run: from a file of tokens that the server's `seed` wrote, or the demo's, signed in one after the other.

use super::crowd::Pass;
use crate::client::{Person, Rest};
use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Args, Clone)]
pub struct People {
    /// Where the server listens.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// Processes of the server, separated by commas.
    #[arg(long, value_delimiter = ',', required = true)]
    pub server_pid: Vec<u32>,
    /// Access tokens as `wassally seed` writes them for load; unset: the demo's crews.
    #[arg(long)]
    tokens: Option<PathBuf>,
    /// How many crews take part.
    #[arg(long, default_value_t = 20)]
    pub crews: usize,
    #[arg(long, default_value = "wassally-demo")]
    password: String,
}

impl People {
    pub fn rest(&self) -> Result<Arc<Rest>> {
        Rest::new(&self.url, 200.0)
    }

    /// The crews of this run.
    pub async fn crews(&self, rest: &Arc<Rest>) -> Result<Vec<Pass>> {
        if let Some(passes) = self.in_file("crew")? {
            ensure!(passes.len() >= self.crews, "the file has tokens of {} crews", passes.len());
            return Ok(passes.into_iter().take(self.crews).collect());
        }
        ensure!(self.crews <= 20, "the demo has 20 crews; more need --tokens");
        let mut passes = Vec::new();
        for number in 1..=self.crews {
            let person = Person::sign_in(rest, &format!("crew{number}"), &self.password).await?;
            passes.push(Pass { id: person.id.clone(), access: person.access().await? });
        }
        Ok(passes)
    }

    /// A customer of the demo who orders.
    pub async fn customer(&self, rest: &Arc<Rest>) -> Result<Arc<Person>> {
        Ok(Person::sign_in(rest, "customer20", &self.password).await?)
    }

    fn in_file(&self, role: &str) -> Result<Option<Vec<Pass>>> {
        let Some(path) = &self.tokens else { return Ok(None) };
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let value: Value = serde_json::from_str(&text).context("the tokens are not JSON")?;
        let mut passes = Vec::new();
        collect(&value, role, false, &mut passes);
        Ok(Some(passes))
    }
}

/// Finds tokens of a role in a list of people (`role`, `access`) or in lists by role (`crews`: [token, …]).
fn collect(value: &Value, role: &str, is_role: bool, passes: &mut Vec<Pass>) {
    match value {
        Value::Array(list) => list.iter().for_each(|entry| collect(entry, role, is_role, passes)),
        Value::String(access) if is_role => passes.extend(pass(access)),
        Value::Object(fields) => {
            let is_theirs = fields.get("role").map_or(is_role, |of| of == role);
            let token = fields.get("access").or_else(|| fields.get("token")).and_then(Value::as_str);
            match token {
                Some(access) if is_theirs => passes.extend(pass(access)),
                Some(_) => {}
                None => fields
                    .iter()
                    .for_each(|(key, entry)| collect(entry, role, is_role || key.trim_end_matches('s') == role, passes)),
            }
        }
        _ => {}
    }
}

/// The id stands in the token itself.
fn pass(access: &str) -> Option<Pass> {
    let claims = URL_SAFE_NO_PAD.decode(access.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    Some(Pass { id: claims["sub"].as_str()?.to_owned(), access: access.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tokens_are_found_in_lists_of_people_and_in_lists_by_role() {
        let token = |sub: &str| format!("x.{}.y", URL_SAFE_NO_PAD.encode(json!({ "sub": sub }).to_string()));
        let found = |value: &Value| {
            let mut passes = Vec::new();
            collect(value, "crew", false, &mut passes);
            passes.into_iter().map(|pass| pass.id).collect::<Vec<_>>()
        };
        assert_eq!(
            found(&json!([{ "role": "crew", "access": token("a") }, { "role": "customer", "access": token("b") }])),
            ["a"]
        );
        assert_eq!(found(&json!({ "crews": [token("a"), token("c")], "customers": [token("b")] })), ["a", "c"]);
        assert_eq!(found(&json!({ "crews": [{ "username": "u", "access": token("a") }] })), ["a"]);
    }
}
