//! The log's partitions: a week of the database's own `now()` each, made four ahead.
use chrono::{DateTime, Datelike, Duration, NaiveTime, Utc};
use sqlx::{AssertSqlSafe, PgPool};

/// Makes the partitions of this week and the four after it, where they are missing.
pub async fn ensure(pool: &PgPool) -> sqlx::Result<()> {
    let now = sqlx::query_scalar!(r#"select now() as "now!""#).fetch_one(pool).await?;
    let monday = monday_of(now);
    for week in 0..=4 {
        let (from, to) = (monday + Duration::weeks(week), monday + Duration::weeks(week + 1));
        let name = format!("channel_log_{}", from.format("%Y%m%d"));
        // Made bare and attached: `create … partition of` would lock the log against every commit.
        let made = format!(
            "create table if not exists {name} (like channel_log including defaults including constraints);
            do $$ begin
              if not exists (select from pg_inherits where inhrelid = '{name}'::regclass) then
                alter table channel_log attach partition {name} for values from ('{}') to ('{}');
              end if;
            end $$",
            from.to_rfc3339(),
            to.to_rfc3339()
        );
        sqlx::raw_sql(AssertSqlSafe(made)).execute(pool).await?;
    }
    Ok(())
}

fn monday_of(at: DateTime<Utc>) -> DateTime<Utc> {
    let day = at.date_naive() - Duration::days(at.weekday().num_days_from_monday().into());
    day.and_time(NaiveTime::MIN).and_utc()
}
