-- Shops, their hours and their members. Categories are global, so no regional foreign key refers to them.

-- Finds words anywhere in a text by their groups of three letters. Trusted: the database's owner may create it.
create extension if not exists pg_trgm;

create table shop_category (
  id uuid primary key,
  parent_id uuid references shop_category (id),
  name text not null,
  name_ar text,
  position int not null default 0,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (name)
);

create table shop (
  region smallint not null,
  id uuid not null,
  owner_id uuid not null,                      -- a user: users are global, so no foreign key
  name text not null,
  name_ar text,
  description text not null default '',
  category_id uuid,
  phone_number text,
  email text,
  address text not null,
  lat double precision not null,
  lng double precision not null,
  logo_url text,
  status text not null default 'PENDING',
  time_zone text not null,                     -- IANA name: opening hours are in the shop's local time
  currency text not null,
  delivery boolean not null default true,
  pickup boolean not null default true,
  radius_m int not null,
  minimum_order numeric(20,4) not null default 0,
  prep_minutes int not null default 15,
  fee_bands jsonb not null default '[]',       -- [{ up_to_m, fee }], nearest first; there is no delivery beyond the last
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (region, id),
  constraint shop_region_owner_id_name_key unique (region, owner_id, name),
  constraint shop_status_check check (status in ('PENDING', 'APPROVED', 'REJECTED')),
  constraint shop_lat_lng_check check (lat between -90 and 90 and lng between -180 and 180),
  constraint shop_currency_check check (currency ~ '^[A-Z]{3}$'),
  constraint shop_radius_m_check check (radius_m > 0),
  constraint shop_prep_minutes_check check (prep_minutes >= 0),
  constraint shop_minimum_order_check check (minimum_order >= 0 and minimum_order <> 'NaN')
);
create index shop_region_lat_lng_idx on shop (region, lat, lng) where status = 'APPROVED';
create index shop_name_name_ar_description_idx on shop using gin (name gin_trgm_ops, name_ar gin_trgm_ops, description gin_trgm_ops)
  where status = 'APPROVED';

create table shop_hours (
  region smallint not null,
  shop_id uuid not null,
  day smallint not null,                       -- Monday is 1
  opens smallint not null,                     -- minutes after midnight
  closes smallint not null,                    -- up to 1440; at or before `opens` it is on the next day
  primary key (region, shop_id, day, opens),
  foreign key (region, shop_id) references shop (region, id),
  constraint shop_hours_day_check check (day between 1 and 7),
  constraint shop_hours_opens_check check (opens between 0 and 1439),
  constraint shop_hours_closes_check check (closes between 1 and 1440 and closes <> opens)
);

create table shop_closure (
  region smallint not null,
  shop_id uuid not null,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  primary key (region, shop_id, starts_at),
  foreign key (region, shop_id) references shop (region, id),
  constraint shop_closure_starts_at_ends_at_check check (starts_at < ends_at)
);

create table shop_member (
  region smallint not null,
  shop_id uuid not null,
  user_id uuid not null,
  role text not null,
  created_at timestamptz not null,
  primary key (region, shop_id, user_id),
  foreign key (region, shop_id) references shop (region, id),
  constraint shop_member_role_check check (role in ('owner', 'member'))
);
create index shop_member_region_user_id_idx on shop_member (region, user_id);
