//! The history of durable channels from the log, and the snapshot of a channel from its slice.
use super::{Bridge, actor, authorizer::split, refused_subscription};
use crate::{
    App,
    db::{self, Numbered},
    event::{Revoke, region_of},
};
use async_trait::async_trait;
use wassally_realtime::host::{Channel, Error, History, HistoryLost, Identity, Missed, Offset, Page, Publication, Snapshot};

/// More missed than this is not replayed: the reader begins with a snapshot.
const REPLAY_MAX: i64 = 1000;
const PAGE_MAX: usize = 300;

struct Row {
    n: i64,
    top: Option<i64>,
    seq: Option<i64>,
    body: Option<String>,
    internal: Option<String>,
    revokes: Option<serde_json::Value>,
}

#[async_trait]
impl History for Bridge {
    async fn since(&self, requested: &[(Channel, Offset)]) -> Vec<Result<Missed, HistoryLost>> {
        let rows = match self.app() {
            Ok(app) => read(&app, requested).await.map(|rows| (app.epoch(), rows)),
            Err(_) => return requested.iter().map(|_| Err(HistoryLost::Unavailable)).collect(),
        };
        let (epoch, rows) = match rows {
            Ok(read) => read,
            Err(error) => {
                tracing::warn!(%error, "the log cannot be read now");
                return requested.iter().map(|_| Err(HistoryLost::Unavailable)).collect();
            }
        };
        let mut missed: Vec<Missed> =
            requested.iter().map(|_| Missed { publications: vec![], top: 0, epoch: epoch.clone() }).collect();
        for row in rows {
            let Some(place) = usize::try_from(row.n - 1).ok().filter(|&place| place < missed.len()) else { continue };
            missed[place].top = row.top.unwrap_or_default().unsigned_abs();
            if let (Some(seq), Some(body)) = (row.seq, row.body) {
                missed[place].publications.push(numbered(&requested[place].0, seq, body, row.internal, row.revokes));
            }
        }
        requested.iter().zip(missed).map(|((_, since), missed)| whole(*since, missed)).collect()
    }

    async fn snapshot(&self, of: &Channel, for_: &Identity) -> Result<Snapshot, Error> {
        let app = self.app()?;
        let (namespace, rest) = split(of);
        let rule = app.registry().channel(namespace).ok_or_else(Error::unknown_channel)?;
        let (offset, data) = match &rule.snapshot {
            Some(snapshot) => {
                let snapshot = snapshot(&app, actor(for_)?, rest).await.map_err(refused_subscription)?;
                (snapshot.offset, Some(snapshot.data))
            }
            None => (top(&app, of).await.map_err(|_| Error::internal())?, None),
        };
        Ok(Snapshot { offset, epoch: app.epoch(), data })
    }

    async fn page(&self, of: &Channel, ask: &Page) -> Result<Missed, Error> {
        let app = self.app()?;
        if ask
            .since
            .as_ref()
            .is_some_and(|(_, epoch)| epoch.as_ref().is_some_and(|epoch| !epoch.is_empty() && *epoch != app.epoch()))
        {
            return Err(Error::unrecoverable_position());
        }
        page(&app, of, ask).await.map_err(|error| {
            tracing::warn!(%error, "a page of history cannot be read now");
            Error::internal()
        })
    }
}

/// Publications without a gap, or the channel's position.
fn whole(since: Offset, missed: Missed) -> Result<Missed, HistoryLost> {
    let first = missed.publications.first().map(|first| first.offset);
    let is_whole = match first {
        Some(first) => first == since + 1 && missed.publications.len() <= REPLAY_MAX.unsigned_abs() as usize,
        None => since == missed.top,
    };
    if is_whole { Ok(missed) } else { Err(HistoryLost::Gone { top: missed.top, epoch: missed.epoch }) }
}

fn numbered(
    channel: &Channel,
    seq: i64,
    body: String,
    internal: Option<String>,
    revokes: Option<serde_json::Value>,
) -> Publication {
    let revokes: Vec<Revoke> = revokes.and_then(|revokes| serde_json::from_value(revokes).ok()).unwrap_or_default();
    let numbered = Numbered { channel: String::new(), offset: seq.unsigned_abs(), body, internal, revokes };
    super::publisher::publication(channel.clone(), numbered)
}

/// Heads and rows of all questions in one statement, so that they belong together.
async fn read(app: &App, requested: &[(Channel, Offset)]) -> sqlx::Result<Vec<Row>> {
    let channels: Vec<String> = requested.iter().map(|(channel, _)| channel.to_string()).collect();
    let regions: Vec<i16> = channels.iter().map(|channel| region_of(channel).number()).collect();
    let sinces: Vec<i64> = requested.iter().map(|(_, since)| i64::try_from(*since).unwrap_or(i64::MAX)).collect();
    sqlx::query_as!(
        Row,
        r#"select a.n as "n!", h.top as "top?", l.seq as "seq?", l.body as "body?", l.internal as "internal?", l.revokes as "revokes?"
        from unnest($1::smallint[], $2::text[], $3::bigint[]) with ordinality a(region, channel, since, n)
        left join channel_head h on h.region = a.region and h.channel = a.channel collate "C"
        left join lateral (
            select seq, body, internal, revokes
            from channel_log l
            where l.region = a.region and l.channel = a.channel collate "C" and l.seq > a.since
            order by l.seq
            limit $4) l on true
        order by a.n, l.seq"#,
        &regions,
        &channels,
        &sinces,
        REPLAY_MAX + 1,
    )
    .fetch_all(&app.pools().live)
    .await
}

async fn top(app: &App, channel: &str) -> sqlx::Result<Offset> {
    db::top(&mut *app.pools().live.acquire().await?, channel).await
}

async fn page(app: &App, of: &Channel, ask: &Page) -> sqlx::Result<Missed> {
    let limit = i64::try_from(ask.limit.unwrap_or(PAGE_MAX).min(PAGE_MAX)).unwrap_or_default();
    let since = ask.since.as_ref().map(|(offset, _)| i64::try_from(*offset).unwrap_or(i64::MAX));
    let region = region_of(of).number();
    let rows = sqlx::query!(
        r#"select seq as "seq!", body as "body!", internal, revokes
        from channel_log
        where region = $1 and channel = $2
            and ($3::bigint is null or case when $4 then seq < $3 else seq > $3 end)
        order by case when $4 then -seq else seq end
        limit $5"#,
        region,
        &**of,
        since,
        ask.reverse,
        limit,
    )
    .fetch_all(&app.pools().live)
    .await?;
    let top = top(app, of).await?;
    let publications = rows.into_iter().map(|row| numbered(of, row.seq, row.body, row.internal, row.revokes)).collect();
    Ok(Missed { publications, top, epoch: app.epoch() })
}
