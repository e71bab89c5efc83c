//! Signed-in people on a swarm's connections: calls with replies, and the publications of their channels.

use super::swarm::{Address, Received, Swarm};
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::collections::HashSet;
use std::time::{Duration, Instant};
use wassally_client::wire::{Reply, ReplyError};

/// Who can sign in: an id and an access token.
#[derive(Clone)]
pub struct Pass {
    pub id: String,
    pub access: String,
}

/// What one of the crowd received.
pub enum Incoming {
    Reply {
        id: u32,
        result: Result<Value, ReplyError>,
    },
    /// A subscription's first data, or a publication.
    Published {
        channel: String,
        data: Value,
    },
    Closed,
}

pub struct Crowd {
    swarm: Swarm,
    pub passes: Vec<Pass>,
}

impl Crowd {
    /// Connects each with their token, at most 64 at once.
    pub fn gather(url: &str, passes: Vec<Pass>) -> Result<Self> {
        let (mut swarm, address) = (Swarm::new()?, Address::read(url)?);
        let (mut opened, mut welcome) = (0, 0);
        let mut error = None;
        let end = Instant::now() + Duration::from_secs(120);
        while welcome < passes.len() {
            while opened < passes.len() && opened - welcome < 64 {
                swarm.open(&address)?;
                opened += 1;
            }
            swarm.wait(Duration::from_millis(100), &mut |swarm, number, received| match received {
                Received::Open => {
                    let hello = format!(r#"{{"id":1,"connect":{{"token":"{}","name":"load"}}}}"#, passes[number].access);
                    swarm.send(number, hello.as_bytes());
                }
                Received::Text(text) => {
                    for line in text.split(|&byte| byte == b'\n') {
                        match serde_json::from_slice::<Reply>(line) {
                            Ok(reply) if reply.error.is_some() => error = Some(String::from_utf8_lossy(line).into_owned()),
                            Ok(reply) if reply.connect.is_some() => welcome += 1,
                            _ => {}
                        }
                    }
                }
                Received::Closed => error = Some("closed".to_owned()),
            })?;
            if let Some(error) = error {
                bail!("a connection was refused: {error}");
            }
            ensure!(Instant::now() < end, "only {welcome} of {} are in", passes.len());
        }
        Ok(Self { swarm, passes })
    }

    pub fn len(&self) -> usize {
        self.passes.len()
    }

    /// Calls without waiting; the reply comes with this id (from 10 on).
    pub fn call(&mut self, who: usize, id: u32, method: &str, data: &str) {
        self.swarm.send(who, format!(r#"{{"id":{id},"rpc":{{"method":"{method}","data":{data}}}}}"#).as_bytes());
    }

    pub fn send(&mut self, who: usize, method: &str, data: &str) {
        self.swarm.send(who, format!(r#"{{"send":{{"data":{{"method":"{method}","data":{data}}}}}}}"#).as_bytes());
    }

    fn subscribe(&mut self, who: usize, id: u32, channel: &str) {
        self.swarm.send(who, format!(r#"{{"id":{id},"subscribe":{{"channel":"{channel}"}}}}"#).as_bytes());
    }

    /// Passes on what comes within `patience`; answers pings by itself.
    pub fn receive(&mut self, patience: Duration, each: &mut impl FnMut(usize, Incoming)) -> Result<()> {
        self.swarm.wait(patience, &mut |swarm, number, received| match received {
            Received::Open => {}
            Received::Closed => each(number, Incoming::Closed),
            Received::Text(text) => {
                for line in text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
                    if line == b"{}" {
                        swarm.send(number, b"{}");
                    } else if let Ok(reply) = serde_json::from_slice::<Reply>(line) {
                        dispatch(reply, number, each);
                    }
                }
            }
        })
    }

    /// Makes the same call for each and waits for all replies. Errors: one is refused.
    pub fn all_call(&mut self, method: &str, data: impl Fn(usize) -> String) -> Result<()> {
        self.all(|crowd, who| crowd.call(who, 2, method, &data(who)), 2).with_context(|| method.to_owned())
    }

    /// Subscribes each to a channel and waits for all replies.
    pub fn all_subscribe(&mut self, channel: impl Fn(&Pass) -> String) -> Result<()> {
        self.all(
            |crowd, who| {
                let channel = channel(&crowd.passes[who]);
                crowd.subscribe(who, 3, &channel);
            },
            3,
        )
    }

    fn all(&mut self, mut request: impl FnMut(&mut Self, usize), id: u32) -> Result<()> {
        let (mut requested, mut answered, mut refused) = (0, HashSet::new(), None);
        let end = Instant::now() + Duration::from_secs(60);
        while answered.len() < self.len() {
            // In small groups: this is the preparation and not the storm.
            while requested < self.len() && requested - answered.len() < 16 {
                request(self, requested);
                requested += 1;
            }
            self.receive(Duration::from_millis(100), &mut |who, incoming| match incoming {
                Incoming::Reply { id: of, result } if of == id => {
                    if let Err(error) = result {
                        refused = Some(format!("{} {}", error.code, error.message));
                    }
                    answered.insert(who);
                }
                Incoming::Closed => refused = Some("closed".to_owned()),
                _ => {}
            })?;
            if let Some(refused) = refused {
                bail!("refused: {refused}");
            }
            ensure!(Instant::now() < end, "{} of {} had an answer within a minute", answered.len(), self.len());
        }
        Ok(())
    }
}

fn dispatch(reply: Reply, number: usize, each: &mut impl FnMut(usize, Incoming)) {
    let parse = |data: Option<&serde_json::value::RawValue>| {
        data.and_then(|data| serde_json::from_str(data.get()).ok()).unwrap_or(Value::Null)
    };
    if let Some(push) = reply.push {
        if let Some(publication) = push.publication {
            each(number, Incoming::Published { channel: push.channel, data: parse(publication.data) });
        }
        return;
    }
    let result = match (reply.error, reply.rpc) {
        (Some(error), _) => Err(error),
        (None, Some(answer)) => Ok(parse(answer.data)),
        (None, None) => {
            if let Some(data) = reply.subscribe.as_ref().and_then(|subscribed| subscribed.data) {
                each(number, Incoming::Published { channel: String::new(), data: parse(Some(data)) });
            }
            Ok(Value::Null)
        }
    };
    each(number, Incoming::Reply { id: reply.id, result });
}
