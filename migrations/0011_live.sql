-- Tickets of plain EventSource streams: browsers cannot send a bearer header there.

create table live_ticket (
  hash bytea primary key,                      -- SHA-256: a stolen table opens nothing, and the ticket is never logged
  user_id uuid not null,
  sid uuid not null,                           -- the ticket ends with its session
  claims jsonb not null,                       -- those of the access token that asked for it
  channels text[] not null,
  created_at timestamptz not null,
  opened_at timestamptz                        -- must be used within a minute; later it reopens only its own stream
);
create index live_ticket_created_at_idx on live_ticket (created_at);
