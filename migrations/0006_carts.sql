-- One cart per customer, in the customer's own region.

create table cart (
  region smallint not null,
  user_id uuid not null,
  version bigint not null default 0,           -- grows with every change; a checkout names the version it saw
  updated_at timestamptz not null,
  primary key (region, user_id)
);

create table cart_item (
  region smallint not null,
  id uuid not null,
  user_id uuid not null,
  shop_id uuid not null,
  product_id uuid not null,
  quantity int not null,
  price_seen numeric(20,4) not null,           -- what the customer was last shown: a different price is reported before it is paid
  added_at timestamptz not null,
  primary key (region, id),
  unique (region, user_id, product_id),
  foreign key (region, user_id) references cart (region, user_id),
  foreign key (region, product_id) references product (region, id),
  constraint cart_item_quantity_check check (quantity >= 1),
  constraint cart_item_price_seen_check check (price_seen >= 0 and price_seen <> 'NaN')
);
