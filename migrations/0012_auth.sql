-- Sign-ins: global, as users are.

create table session (
  id uuid primary key,
  user_id uuid not null references users (id),
  role text not null,                          -- the active role of its tokens
  device text not null default '',
  ip text not null default '',
  created_at timestamptz not null,
  last_seen_at timestamptz not null,
  ended_at timestamptz
);
create index session_user_id_idx on session (user_id) where ended_at is null;

create table refresh_token (
  hash bytea primary key,                      -- SHA-256: a stolen table opens nothing
  session_id uuid not null references session (id),
  successor bytea,                             -- set when it was replaced
  replaced_at timestamptz,
  is_spent boolean not null default false,     -- used in the grace period too, or replaced during it: a second use means that there is a copy
  expires_at timestamptz not null
);
create index refresh_token_session_id_idx on refresh_token (session_id);
