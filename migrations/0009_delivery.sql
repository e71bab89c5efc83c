-- Crews at work: duty and what they carry, the history of each job, and the proof of delivery.

-- A crew's aggregate. Its row lock counts what they carry, so that two phones cannot claim a sixth order.
create table crew_duty (
  region smallint not null,
  crew_id uuid not null,
  name text not null,                          -- first name, as customers read it
  vehicle text not null default 'bicycle' check (vehicle in ('foot', 'bicycle', 'motorbike', 'car')),
  on_duty boolean not null default false,
  duty_no bigint not null default 0,           -- a new number each time duty begins; pings with an earlier one come from another phone
  active int not null default 0,
  area_lat double precision,
  area_lng double precision,
  area_radius_m int,                           -- how far they look for orders; 3,000 when null
  updated_at timestamptz not null,
  primary key (region, crew_id),
  constraint crew_duty_active_check check (active between 0 and 5),
  constraint crew_duty_area_lat_area_lng_area_radius_m_check check ((area_lat is null) = (area_lng is null)
    and area_lat between -90 and 90 and area_lng between -180 and 180 and area_radius_m between 100 and 50000)
);

-- Who carried what, and how it ended.
create table job (
  region smallint not null,
  order_id uuid not null,
  crew_id uuid not null,
  claimed_at timestamptz not null,
  ended_at timestamptz,
  outcome text check (outcome in ('released', 'reassigned', 'cancelled', 'delivered', 'returned')),
  fee numeric(20,4) not null check (fee >= 0 and fee <> 'NaN'),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  primary key (region, order_id, claimed_at, crew_id),
  foreign key (region, order_id) references orders (region, id),
  foreign key (region, crew_id) references crew_duty (region, crew_id),
  constraint job_ended_at_outcome_check check ((ended_at is null) = (outcome is null))
);
create unique index job_region_order_id_open_key on job (region, order_id) where ended_at is null;
create index job_region_crew_id_open_idx on job (region, crew_id) where ended_at is null;
create index job_region_crew_id_ended_at_delivered_idx on job (region, crew_id, ended_at desc) where outcome = 'delivered';

-- What proves a delivery. PIN and token are derived from the nonce and never stored.
create table proof (
  region smallint not null,
  order_id uuid not null,
  nonce bytea not null,
  minted_at timestamptz not null,
  tries int not null default 0,
  locked_at timestamptz,                       -- too many wrong tries: staff must unlock
  confirmed_at timestamptz,
  confirmed_by uuid,
  means text check (means in ('pin', 'token', 'none', 'override')),
  lat double precision,
  lng double precision,
  distance_m int,                              -- from where it was confirmed to the door
  is_late boolean not null default false,      -- confirmed without reception and reported afterwards
  primary key (region, order_id),
  foreign key (region, order_id) references orders (region, id)
);

-- What a crew reported on the way.
create table delivery_problem (
  region smallint not null,
  id uuid not null,
  order_id uuid not null,
  crew_id uuid not null,
  kind text not null check (kind in ('customer_absent', 'address', 'accident', 'shop', 'other')),
  note text,
  at timestamptz not null,
  primary key (region, id),
  foreign key (region, order_id) references orders (region, id)
);
