-- People and their roles: global, so that no region leads their keys and no regional transaction writes them.

create table users (
  id uuid primary key,
  username text,
  email text,
  phone_number text,                           -- E.164
  password_hash text,                          -- null: signs in only by a code
  first_name text not null default '',
  last_name text not null default '',
  address text not null default '',
  user_type text not null,
  language text not null default 'en',         -- what mails and the messages of user:{id} are written in
  is_active boolean not null default true,
  location_lat double precision,               -- where a checkout delivers
  location_lng double precision,
  location_address text,
  date_joined timestamptz not null,
  updated_at timestamptz not null,
  constraint users_language_check check (language in ('en', 'ar', 'fr')),
  constraint users_username_email_phone_number_check check (username is not null or email is not null or phone_number is not null),
  constraint users_location_lat_location_lng_check check ((location_lat is null) = (location_lng is null))
);
create unique index users_username_key on users (lower(username));
create unique index users_email_key on users (lower(email));
create unique index users_phone_number_key on users (phone_number);

create table user_role (
  user_id uuid not null references users (id),
  role text not null check (role in ('customer', 'seller', 'crew', 'staff', 'admin', 'superadmin')),
  primary key (user_id, role)
);
