-- People and their sign-ins: global, so no region leads their keys and no regional transaction writes them.

create table users (
  id uuid primary key,
  username text,
  email text,
  phone_number text,                           -- E.164
  password_hash text,                          -- null: signs in by code alone
  first_name text not null default '',
  last_name text not null default '',
  address text not null default '',
  user_type text not null,
  language text not null default 'en',         -- what mails and the messages of user:{id} are written in
  is_active boolean not null default true,
  location_lat double precision,               -- the saved place that a checkout delivers to
  location_lng double precision,
  location_address text,
  date_joined timestamptz not null,
  updated_at timestamptz not null,
  constraint users_language_check check (language in ('en', 'ar', 'fr')),
  constraint users_login_check check (username is not null or email is not null or phone_number is not null),
  constraint users_location_check check ((location_lat is null) = (location_lng is null))
);
create unique index users_username_key on users (lower(username));
create unique index users_email_key on users (lower(email));
create unique index users_phone_number_key on users (phone_number);

create table user_role (
  user_id uuid not null references users (id),
  role text not null check (role in ('customer', 'seller', 'crew', 'staff', 'admin', 'superadmin')),
  primary key (user_id, role)
);

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
  is_spent boolean not null default false,      -- used in the grace too, or overtaken by it: whoever comes with it has a copy
  expires_at timestamptz not null
);
create index refresh_token_session_id_idx on refresh_token (session_id);
