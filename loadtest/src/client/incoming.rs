//! What a connection receives: replies go to their callers, publications are checked and passed on, rights end.

use super::live::{Update, Worker};
use super::rest::CallError;
use super::session::{Pending, Session};
use super::stream::Counts;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use serde_json::value::RawValue;
use std::time::Duration;
use tokio::time::Instant;
use wassally_client::wire::{Publication, Push, Reply, ReplyError, SubscribeResult};

impl Worker {
    pub(super) async fn receive_all(&mut self, session: &mut Session, text: &str) -> Result<()> {
        for line in text.lines() {
            self.receive(session, line).await?;
        }
        Ok(())
    }

    pub(super) async fn receive(&mut self, session: &mut Session, line: &str) -> Result<()> {
        let reply: Reply = serde_json::from_str(line).with_context(|| format!("not a reply: {line:.120}"))?;
        if reply.is_ping() {
            return if session.answers_pings { session.send("{}").await } else { Ok(()) };
        }
        if let Some(push) = reply.push {
            return self.pushed(session, push).await;
        }
        match session.pending.remove(&reply.id) {
            Some(Pending::Subscribe(channel)) => match (reply.error, reply.subscribe) {
                (Some(error), _) => self.subscribe_refused(session, channel, &error),
                (None, Some(subscribed)) => self.subscribed(&channel, &subscribed),
                (None, None) => bail!("an empty reply to subscribe"),
            },
            Some(Pending::Rpc(caller)) => {
                let result = match reply.error {
                    Some(error) => Err(as_call_error(error)),
                    None => Ok(parse(reply.rpc.and_then(|rpc| rpc.data))),
                };
                // The caller may have stopped waiting.
                let _ = caller.send(result);
                Ok(())
            }
            Some(Pending::Nothing) => {
                if let Some(error) = reply.error {
                    bail!("refused with {} {}", error.code, error.message);
                }
                if let Some(refreshed) = reply.refresh {
                    session.plan_refresh(refreshed.expires, refreshed.ttl);
                }
                Ok(())
            }
            None => Ok(()),
        }
    }

    async fn pushed(&mut self, session: &mut Session, push: Push<'_>) -> Result<()> {
        if let Some(publication) = push.publication {
            return self.published(&push.channel, &publication);
        }
        if let Some(subscribed) = push.subscribe {
            self.channels.entry(push.channel.clone()).or_default().is_server_side = true;
            return self.subscribed(&push.channel, &subscribed);
        }
        if let Some(unsubscribed) = push.unsubscribe {
            if unsubscribed.code < 2500 {
                self.channels.remove(&push.channel);
                return self.update(Update::Ended { channel: push.channel, code: unsubscribed.code });
            }
            if let Some(sub) = self.channels.get_mut(&push.channel) {
                if unsubscribed.code == 2502 {
                    sub.can_recover = false;
                }
                return self.subscribe(session, &push.channel).await;
            }
        }
        Ok(())
    }

    fn published(&mut self, channel: &str, publication: &Publication) -> Result<()> {
        let Some(sub) = self.channels.get_mut(channel) else { return Ok(()) };
        let permit = self.updates.try_reserve().context("this client is too slow")?;
        if sub.stream.take(publication.offset, &self.counts) {
            permit.send(Update::Published { channel: channel.to_owned(), data: parse(publication.data) });
        }
        Ok(())
    }

    pub(super) fn subscribed(&mut self, channel: &str, subscribed: &SubscribeResult) -> Result<()> {
        let Some(sub) = self.channels.get_mut(channel) else { return Ok(()) };
        if subscribed.recovered {
            Counts::add(&self.counts.recovered, subscribed.publications.len() as u64);
            subscribed.epoch.clone_into(&mut sub.stream.epoch);
        } else {
            if subscribed.was_recovering {
                Counts::add(&self.counts.reloads, 1);
            }
            // Publications that come with a fresh start are older than the position in the reply.
            sub.stream.start(&subscribed.epoch, subscribed.offset);
        }
        sub.can_recover = subscribed.recoverable;
        let recovered = subscribed.recovered;
        self.update(Update::Subscribed { channel: channel.to_owned(), data: subscribed.data.map(|data| parse(Some(data))) })?;
        if recovered {
            for publication in &subscribed.publications {
                self.published(channel, publication)?;
            }
        }
        Ok(())
    }

    fn subscribe_refused(&mut self, session: &mut Session, channel: String, error: &ReplyError) -> Result<()> {
        if error.temporary || error.code < 100 || error.code == 109 {
            session.retry.push(channel);
            session.retry_at.get_or_insert(Instant::now() + Duration::from_secs(1));
            return Ok(());
        }
        if error.code == 105 {
            return Ok(());
        }
        self.channels.remove(&channel);
        self.update(Update::Ended { channel, code: error.code })
    }

    fn update(&self, update: Update) -> Result<()> {
        self.updates.try_send(update).context("this client is too slow")
    }
}

fn parse(data: Option<&RawValue>) -> Value {
    data.and_then(|data| serde_json::from_str(data.get()).ok()).unwrap_or(Value::Null)
}

fn as_call_error(error: ReplyError) -> CallError {
    if error.temporary || error.code < 400 || matches!(error.code, 429 | 503) {
        return CallError::Unavailable(format!("{} {}", error.code, error.message));
    }
    CallError::Api { status: error.code as u16, code: error.message, problem: Value::Null }
}
