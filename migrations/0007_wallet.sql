-- Double entry that balances by its shape: a posting has both sides in one row and is never updated.

create table account (
  region smallint not null,
  id uuid not null,                            -- derived from the other columns, so that it needs no look-up
  owner_id uuid not null,                      -- the nil id is the platform
  kind text not null,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  primary key (region, id),
  unique (region, owner_id, kind, currency),
  unique (region, id, currency)                -- what postings refer to
);

-- Only accounts with a floor have a row here and are ever locked. The balance of the others is the sum of their postings.
create table balance (
  region smallint not null,
  account_id uuid not null,
  amount numeric(20,4) not null default 0,
  floor numeric(20,4) not null default 0,
  primary key (region, account_id),
  foreign key (region, account_id) references account (region, id),
  constraint balance_amount_floor_check check (amount <> 'NaN' and floor <> 'NaN' and amount >= floor)
) with (fillfactor = 70);

create table posting (
  region smallint not null,
  id uuid not null,
  debit uuid not null,                         -- pays
  credit uuid not null,                        -- receives
  currency text not null,
  amount numeric(20,4) not null,
  kind text not null,
  subject_kind text,                           -- what it was about: order, auction, …
  subject_id uuid,
  at timestamptz not null,
  primary key (region, id),
  foreign key (region, debit, currency) references account (region, id, currency),
  foreign key (region, credit, currency) references account (region, id, currency),
  constraint posting_amount_check check (amount <> 'NaN' and amount > 0),
  constraint posting_debit_credit_check check (debit <> credit)
);
create index posting_region_debit_id_idx on posting (region, debit, id desc);
create index posting_region_credit_id_idx on posting (region, credit, id desc);
create index posting_region_subject_kind_subject_id_idx on posting (region, subject_kind, subject_id) where subject_id is not null;

create table hold (
  region smallint not null,
  id uuid not null,
  subject_kind text not null,                  -- what it is held for: order, auction, …
  subject_id uuid not null,
  user_id uuid not null,
  amount numeric(20,4) not null,
  currency text not null,
  status text not null default 'open' check (status in ('open', 'released', 'captured')),
  at timestamptz not null,
  primary key (region, id),
  unique (region, subject_kind, subject_id),
  constraint hold_amount_check check (amount <> 'NaN' and amount > 0)
);
