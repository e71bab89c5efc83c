//! The real binary as a process of its own, which can be killed.
use super::{Answer, PATIENCE};
use nix::sys::signal::Signal;
use reqwest::Method;
use serde_json::Value;
use std::{
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

/// One node and its address, which stays the same over restarts.
pub struct Node {
    pub url: String,
    database: String,
    address: String,
    child: Child,
    http: reqwest::Client,
}

/// The secret of all tests' nodes: each accepts the tokens of the others.
pub const SECRET: &str = "a secret that only these tests know";

impl Node {
    /// Starts `wassally serve` over `database` and waits until it is ready.
    pub async fn start(database: &str) -> Self {
        // The port is freed at once: the node must know its address before it starts, so that it gets the same one after a restart.
        let address = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("bound").to_string();
        let child = spawn(database, &address);
        let http = reqwest::Client::builder().timeout(PATIENCE).build().expect("a client");
        let node = Self { url: format!("http://{address}"), database: database.to_owned(), address, child, http };
        node.ready().await;
        node
    }

    /// Sends a signal: SIGKILL ends it at once, SIGTERM asks it to drain.
    pub fn signal(&self, signal: Signal) {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.pid()).expect("a process id"));
        nix::sys::signal::kill(pid, signal).expect("it is ours");
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its end and starts it again at the same address; how it ended.
    pub async fn start_again(&mut self) -> ExitStatus {
        let ended = async {
            loop {
                match self.child.try_wait().expect("a child of ours") {
                    Some(status) => return status,
                    None => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            }
        };
        let status = tokio::time::timeout(PATIENCE, ended).await.expect("it ends");
        self.child = spawn(&self.database, &self.address);
        self.ready().await;
        status
    }

    async fn ready(&self) {
        let ready = async {
            while !self.http.get(format!("{}/readyz", self.url)).send().await.is_ok_and(|answer| answer.status().is_success()) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(3 * PATIENCE, ready).await.expect("the node becomes ready");
    }

    /// A request under a key; `None` when the node died over it.
    pub async fn ask(&self, method: Method, path: &str, token: &str, key: &str, body: Option<&Value>) -> Option<Answer> {
        let mut request =
            self.http.request(method, format!("{}{path}", self.url)).bearer_auth(token).header("idempotency-key", key);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.ok()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.ok()?;
        Some(Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)), headers })
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(database: &str, address: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_wassally"))
        .arg("serve")
        .env("DATABASE_URL", database)
        .env("WASSALLY_SECRET_KEY", SECRET)
        .env("WASSALLY_LISTEN", address)
        .env("WASSALLY_POOLS", "8,4,3")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts")
}
