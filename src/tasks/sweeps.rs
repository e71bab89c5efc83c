//! Sweeps take no input and repair from state, so that a lost trigger only costs time.
use crate::{App, problem::Result};
use futures_util::future::BoxFuture;
use std::time::Duration;

/// A repair that every node runs every so often.
#[derive(Clone, Copy)]
pub struct Sweep {
    pub name: &'static str,
    pub every: Duration,
    pub run: for<'a> fn(&'a App) -> BoxFuture<'a, Result<()>>,
}

impl Sweep {
    /// Runs until the application stops. The first run is after a random part of the interval, so that the nodes' runs are spread out.
    pub async fn repeat(self, app: App) {
        let mut pause = self.every.mul_f64(fastrand::f64());
        loop {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = app.stop.cancelled() => return,
            }
            pause = self.every;
            if let Err(error) = (self.run)(&app).await {
                tracing::warn!(sweep = self.name, %error, "a sweep failed; the next one repairs");
            }
        }
    }
}
