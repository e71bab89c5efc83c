-- Where crews are and were.

-- Where each crew was last. A table of its own, without a foreign key: the batch that writes it must never wait for a claim.
create table crew_position (
  region smallint not null,
  crew_id uuid not null,
  lat double precision not null,
  lng double precision not null,
  at timestamptz not null,
  duty_no bigint not null,                     -- with the phone's time and count: the order of pings, on every node
  device_ms bigint not null,
  seq bigint not null,
  primary key (region, crew_id)
) with (fillfactor = 70);

-- Where crews were: a row for a crew and minute, never one for a ping.
create table trail (
  region smallint not null,
  crew_id uuid not null,
  minute timestamptz not null,
  fixes jsonb not null,                        -- [[lat, lng, ms since 1970, accuracy in metres, slug of what is odd about it or null], …]
  primary key (region, crew_id, minute)
);
