//! Signed-in people on a swarm's sockets: calls with replies, and what their channels say.

use super::swarm::{Address, Heard, Swarm};
use crate::client::wire::{Refused, Reply};
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// Who can sign in: an id and an access token.
#[derive(Clone)]
pub struct Pass {
    pub id: String,
    pub access: String,
}

/// What one of the crowd heard.
pub enum News {
    Answer {
        id: u32,
        result: Result<Value, Refused>,
    },
    /// A subscription's first data, or a publication.
    Said {
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
    /// Connects everybody with their token, at most 64 at once.
    pub fn gather(url: &str, passes: Vec<Pass>) -> Result<Self> {
        let (mut swarm, address) = (Swarm::new()?, Address::read(url)?);
        let (mut opened, mut welcome) = (0, 0);
        let mut trouble = None;
        let end = Instant::now() + Duration::from_secs(120);
        while welcome < passes.len() {
            while opened < passes.len() && opened - welcome < 64 {
                swarm.open(&address)?;
                opened += 1;
            }
            swarm.wait(Duration::from_millis(100), &mut |swarm, number, heard| match heard {
                Heard::Open => {
                    let hello = format!(r#"{{"id":1,"connect":{{"token":"{}","name":"load"}}}}"#, passes[number].access);
                    swarm.say(number, hello.as_bytes());
                }
                Heard::Text(text) => {
                    for line in text.split(|&byte| byte == b'\n') {
                        match serde_json::from_slice::<Reply>(line) {
                            Ok(reply) if reply.error.is_some() => trouble = Some(String::from_utf8_lossy(line).into_owned()),
                            Ok(reply) if reply.connect.is_some() => welcome += 1,
                            _ => {}
                        }
                    }
                }
                Heard::Closed => trouble = Some("closed".to_owned()),
            })?;
            if let Some(trouble) = trouble {
                bail!("somebody is not let in: {trouble}");
            }
            ensure!(Instant::now() < end, "only {welcome} of {} are in", passes.len());
        }
        Ok(Self { swarm, passes })
    }

    pub fn len(&self) -> usize {
        self.passes.len()
    }

    /// Calls without waiting; the answer comes as news with this id (from 10 on).
    pub fn call(&mut self, who: usize, id: u32, method: &str, data: &str) {
        self.swarm.say(who, format!(r#"{{"id":{id},"rpc":{{"method":"{method}","data":{data}}}}}"#).as_bytes());
    }

    pub fn send(&mut self, who: usize, method: &str, data: &str) {
        self.swarm.say(who, format!(r#"{{"send":{{"data":{{"method":"{method}","data":{data}}}}}}}"#).as_bytes());
    }

    fn subscribe(&mut self, who: usize, id: u32, channel: &str) {
        self.swarm.say(who, format!(r#"{{"id":{id},"subscribe":{{"channel":"{channel}"}}}}"#).as_bytes());
    }

    /// Hands over what came within the patience; answers pings by itself.
    pub fn listen(&mut self, patience: Duration, each: &mut impl FnMut(usize, News)) -> Result<()> {
        self.swarm.wait(patience, &mut |swarm, number, heard| match heard {
            Heard::Open => {}
            Heard::Closed => each(number, News::Closed),
            Heard::Text(text) => {
                for line in text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
                    if line == b"{}" {
                        swarm.say(number, b"{}");
                    } else if let Ok(reply) = serde_json::from_slice::<Reply>(line) {
                        tell(reply, number, each);
                    }
                }
            }
        })
    }

    /// Calls the same for everybody and waits for all answers. Errors: somebody is refused.
    pub fn all_call(&mut self, method: &str, data: impl Fn(usize) -> String) -> Result<()> {
        self.all(|crowd, who| crowd.call(who, 2, method, &data(who)), 2).with_context(|| method.to_owned())
    }

    /// Subscribes everybody to a channel and waits until all stand.
    pub fn all_subscribe(&mut self, channel: impl Fn(&Pass) -> String) -> Result<()> {
        self.all(
            |crowd, who| {
                let channel = channel(&crowd.passes[who]);
                crowd.subscribe(who, 3, &channel);
            },
            3,
        )
    }

    fn all(&mut self, mut ask: impl FnMut(&mut Self, usize), id: u32) -> Result<()> {
        let (mut asked, mut answered, mut refused) = (0, HashSet::new(), None);
        let end = Instant::now() + Duration::from_secs(60);
        while answered.len() < self.len() {
            // In small groups: this is the preparation and not the storm.
            while asked < self.len() && asked - answered.len() < 16 {
                ask(self, asked);
                asked += 1;
            }
            self.listen(Duration::from_millis(100), &mut |who, news| match news {
                News::Answer { id: of, result } if of == id => {
                    if let Err(error) = result {
                        refused = Some(format!("{} {}", error.code, error.message));
                    }
                    answered.insert(who);
                }
                News::Closed => refused = Some("closed".to_owned()),
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

fn tell(reply: Reply, number: usize, each: &mut impl FnMut(usize, News)) {
    let parse = |data: Option<&serde_json::value::RawValue>| {
        data.and_then(|data| serde_json::from_str(data.get()).ok()).unwrap_or(Value::Null)
    };
    if let Some(push) = reply.push {
        if let Some(publication) = push.publication {
            each(number, News::Said { channel: push.channel, data: parse(publication.data) });
        }
        return;
    }
    let result = match (reply.error, reply.rpc) {
        (Some(error), _) => Err(error),
        (None, Some(answer)) => Ok(parse(answer.data)),
        (None, None) => {
            if let Some(data) = reply.subscribe.as_ref().and_then(|subscribed| subscribed.data) {
                each(number, News::Said { channel: String::new(), data: parse(Some(data)) });
            }
            Ok(Value::Null)
        }
    };
    each(number, News::Answer { id: reply.id, result });
}
