//! The commit statement, COMMIT, and publishing what it made true.
use super::{Tx, doubt};
use crate::{
    event::{Message, Revoke},
    problem::{Error, Result},
};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use tokio::{sync::oneshot::Sender, time::Instant};

/// A publication of a durable channel with its number: true, committed, ready to be published.
#[derive(Debug, Clone)]
pub struct Numbered {
    pub channel: String,
    pub offset: u64,
    pub body: String,
    /// JSON for observers.
    pub internal: Option<String>,
    pub revokes: Vec<Revoke>,
}

/// What the commit statement wrote.
pub(super) struct Written {
    pub xact: String,
    /// Channel to its new top.
    pub tops: BTreeMap<String, u64>,
}

impl Tx {
    /// Writes, commits and publishes, then notifies the caller. Runs in a task of its own.
    pub(super) async fn settle(mut self, status: u16, answer: String, notify: Sender<Result<Written>>) {
        let written = match self.write(status, &answer).await {
            Ok(written) => written,
            Err(error) => {
                let _ = notify.send(Err(error));
                return;
            }
        };
        let Self { app, sql, messages, .. } = self;
        let publications = number(messages, &written.tops);
        let began = Instant::now();
        // A connection that has gone silent is a doubt as much as one that was cut.
        match tokio::time::timeout(doubt::PATIENCE, sql.commit()).await {
            Ok(Ok(())) => {
                // Before the answer: a reader on this node sees its own write.
                app.publish(publications);
                let _ = notify.send(Ok(written));
            }
            Ok(Err(error)) if !doubt::leaves_open(&error) => {
                let _ = notify.send(Err(error.into()));
            }
            Ok(Err(_)) | Err(_) => doubt::resolve(app, began, written, publications, notify).await,
        }
    }

    async fn write(&mut self, status: u16, answer: &str) -> Result<Written> {
        self.write_audit().await?;
        let tasks: Vec<_> = std::mem::take(&mut self.tasks).into_values().collect();
        let ids: Vec<_> = tasks.iter().map(|_| crate::ids::new(self.region, &self.app.clock, &self.app.random)).collect();
        let kinds: Vec<_> = tasks.iter().map(|task| task.kind.to_owned()).collect();
        let keys: Vec<_> = tasks.iter().map(|task| task.key.clone()).collect();
        let inputs: Vec<_> = tasks.iter().map(|task| task.input.clone()).collect();
        let run_ats: Vec<_> = tasks.iter().map(|task| task.run_at).collect();
        let channels: Vec<_> = self.messages.iter().map(|message| message.channel.clone()).collect();
        let laters = laters(&self.messages);
        let bodies: Vec<_> = self.messages.iter().map(|message| message.body.clone()).collect();
        let internals: Vec<_> = self.messages.iter().map(|message| message.internal.clone()).collect();
        let revokes: Vec<Option<Value>> = self
            .messages
            .iter()
            .map(|message| (!message.revokes.is_empty()).then(|| serde_json::json!(message.revokes)))
            .collect();
        let app = self.app.clone();
        let request = app.request();
        let key = request.and_then(|request| request.idempotency_key.as_deref());
        let user = request.and_then(|request| request.actor.as_ref()).map(|actor| actor.id.uuid());
        let row = sqlx::query!(
            r#"with tasks as (insert into task (region, id, kind, key, input, run_at)
                select $1, t.* from unnest($2::uuid[], $3::text[], $4::text[], $5::jsonb[], $6::timestamptz[]) t(id, kind, key, input, run_at)
                order by t.key collate "C"
                on conflict (region, key) where attempt = 0 do update set run_at = excluded.run_at, input = excluded.input returning 1),
            heads as (insert into channel_head as h (region, channel, top)
                select $1, m.channel, count(*) from unnest($7::text[]) m(channel) where (select count(*) from tasks) >= 0
                group by m.channel order by m.channel collate "C"
                on conflict (region, channel) do update set top = h.top + excluded.top returning channel, top),
            log as (insert into channel_log (region, channel, seq, at, body, internal, revokes)
                select $1, m.channel, h.top - m.later, statement_timestamp(), m.body, m.internal, m.revokes
                from unnest($7::text[], $8::bigint[], $9::text[], $10::text[], $11::jsonb[]) m(channel, later, body, internal, revokes)
                join heads h using (channel) returning 1),
            answer as (update idempotency set status = $15, answer = $16, live = (select jsonb_object_agg(channel, top) from heads)
                where region = $1 and user_id = $12 and operation = $13 and key = $14 returning 1)
            select pg_current_xact_id()::text as "xact!", (select jsonb_object_agg(channel, top) from heads) as live,
                (select count(*) from log) as "logged!""#,
            self.region.number(),
            &ids,
            &kinds,
            &keys,
            &inputs,
            &run_ats,
            &channels,
            &laters,
            &bodies,
            &internals as &[Option<String>],
            &revokes as &[Option<Value>],
            user,
            request.map(|request| request.operation),
            key,
            status.cast_signed(),
            answer,
        )
        .fetch_one(&mut **self)
        .await?;
        let tops = row.live.map(serde_json::from_value).transpose()?.unwrap_or_default();
        if usize::try_from(row.logged).ok() != Some(self.messages.len()) {
            return Err(Error::broken(anyhow::anyhow!(
                "{} messages were to be logged, {} were",
                self.messages.len(),
                row.logged
            )));
        }
        Ok(Written { xact: row.xact, tops })
    }

    /// Entries of the audit, for commands of staff alone: all others send no statement.
    async fn write_audit(&mut self) -> Result<()> {
        let app = self.app.clone();
        let audits = std::mem::take(&mut self.audits);
        let Some(request) = app.request().filter(|_| !audits.is_empty()) else { return Ok(()) };
        let at = self.now().await?;
        for audit in audits {
            sqlx::query!(
                "insert into audit (region, id, at, actor, role, operation, subject_kind, subject_id, before, after, reason, ip)
                values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::text::inet)",
                self.region.number(),
                crate::ids::new(self.region, &app.clock, &app.random),
                at,
                request.actor.as_ref().map(|actor| actor.id.uuid()),
                request.actor.as_ref().map(|actor| actor.role.name()),
                request.operation,
                audit.subject.as_ref().map(|subject| &*subject.kind),
                audit.subject.as_ref().map(|subject| subject.id),
                audit.before,
                audit.after,
                audit.reason,
                request.address.map(|address| address.to_string()),
            )
            .execute(&mut **self)
            .await?;
        }
        Ok(())
    }
}

/// How many messages of the same channel follow each.
fn laters(messages: &[Message]) -> Vec<i64> {
    let mut following: HashMap<&str, i64> = HashMap::new();
    let mut laters: Vec<i64> = messages
        .iter()
        .rev()
        .map(|message| {
            let later = following.entry(&message.channel).or_default();
            *later += 1;
            *later - 1
        })
        .collect();
    laters.reverse();
    laters
}

fn number(messages: Vec<Message>, tops: &BTreeMap<String, u64>) -> Vec<Numbered> {
    let laters = laters(&messages);
    messages
        .into_iter()
        .zip(laters)
        .filter_map(|(message, later)| {
            let offset = tops.get(&message.channel)?.checked_sub(later.unsigned_abs())?;
            let Message { channel, body, internal, revokes } = message;
            Some(Numbered { channel, offset, body, internal, revokes })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_a_channel_are_numbered_back_from_its_top() {
        let message = |channel: &str| Message { channel: channel.into(), body: "{}".into(), internal: None, revokes: vec![] };
        let messages: Vec<_> = ["a", "b", "a", "a"].map(message).into();
        let numbered = number(messages, &BTreeMap::from([("a".into(), 9), ("b".into(), 1)]));
        let offsets: Vec<_> = numbered.iter().map(|n| (n.channel.as_str(), n.offset)).collect();
        assert_eq!(offsets, [("a", 7), ("b", 1), ("a", 8), ("a", 9)]);
    }
}
