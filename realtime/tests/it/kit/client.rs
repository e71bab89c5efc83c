//! A connected client, with the checks that fit the numbers which [`super::TestHost`] publishes.

use serde_json::json;

pub use wassally_client::Client as Raw;

/// A connected client.
pub struct Client(pub Raw);

impl std::ops::Deref for Client {
    type Target = Raw;
    fn deref(&self) -> &Raw {
        &self.0
    }
}

impl std::ops::DerefMut for Client {
    fn deref_mut(&mut self) -> &mut Raw {
        &mut self.0
    }
}

impl Client {
    /// Waits for the next publication and checks its number.
    pub async fn expect(&mut self, channel: &str, offset: u64) {
        let publication = self.publication(channel).await;
        assert_eq!((publication["offset"].clone(), publication["data"]["n"].clone()), (json!(offset), json!(offset)));
    }
}
