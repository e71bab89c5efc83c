-- The tables of the core: the log in which every event gets its number, the tasks, idempotency keys, and what nodes tell one another.

create table installation (
  one boolean primary key default true check (one),
  log_id uuid not null default gen_random_uuid(),
  shift interval not null default '0'          -- moved only by tests: the database's clock and the application's move together
);
insert into installation default values;

create function app_now() returns timestamptz language sql volatile as 'select clock_timestamp() + shift from installation';

create table channel_head (
  region smallint,
  channel text collate "C",
  top bigint not null,
  primary key (region, channel)
) with (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.02);   -- room on the page keeps every update HOT

create table channel_log (
  region smallint,
  channel text collate "C",
  seq bigint,
  at timestamptz,
  body text not null,                          -- text, not jsonb: live and recovered bytes are the same
  internal text,                               -- for observers; subscribers never get it
  revokes jsonb,
  primary key (region, channel, seq, at)
) partition by range (at);
create index channel_log_at_idx on channel_log using brin (at) with (autosummarize = on);

create table task (
  region smallint,
  id uuid,
  kind text not null,
  key text collate "C" not null,
  input jsonb not null,
  run_at timestamptz not null,
  attempt smallint not null default 0,
  leased_until timestamptz,
  last_error text,
  gave_up_at timestamptz,
  primary key (region, id)                     -- done = deleted by the Tx of its command, where attempt = mine
);
create unique index task_region_key_waiting on task (region, key) where attempt = 0;      -- waiting = never tried
create index task_region_run_at_idx on task (region, run_at) where gave_up_at is null;    -- claimed per region

create table idempotency (
  region smallint,
  user_id uuid,
  operation text,                              -- the path template
  key text,
  fingerprint bytea not null,                  -- hash of the input
  status smallint,
  answer text,
  live jsonb,
  at timestamptz not null,
  primary key (region, user_id, operation, key)
);
create index idempotency_at_idx on idempotency using brin (at);

create table node (
  boot uuid primary key,
  id text not null,
  broker text not null,
  seen_at timestamptz not null
);

create table revocation (
  user_id uuid,
  sid uuid,
  issued_before timestamptz not null,          -- tokens say to the millisecond when they were issued
  at timestamptz not null default statement_timestamp()
);
create index revocation_at_idx on revocation (at);

-- What staff changed, written by the commit of their commands. Rows are only inserted.
create table audit (
  region smallint,
  id uuid,
  at timestamptz not null,
  actor uuid,
  role text,
  operation text not null,
  subject_kind text,
  subject_id uuid,
  before jsonb,
  after jsonb,
  reason text,
  ip inet,
  primary key (region, id)
);
