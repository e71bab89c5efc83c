-- What shops sell. Categories are global: no regional key points at them.

create table product_category (
  id uuid primary key,
  parent_id uuid references product_category (id),
  name text not null,
  name_ar text,
  position int not null default 0,
  created_at timestamptz not null default app_now(),
  updated_at timestamptz not null default app_now(),
  constraint product_category_name_key unique (name)
);

create table product (
  region smallint not null,
  id uuid not null,
  shop_id uuid not null,
  name text not null,
  name_ar text,
  description text not null default '',
  sku text not null,
  price numeric(20,4) not null,
  currency text not null,
  cost_price numeric(20,4),                    -- for profits; shown to its seller and admins alone
  min_quantity int not null default 1,
  max_quantity int,
  low_stock_threshold int not null default 5,
  category_id uuid,
  brand_id uuid,
  images jsonb not null default '[]',
  is_active boolean not null default true,
  approval_status text not null default 'APPROVED',
  avg_rating numeric(3,2),
  ratings_count int not null default 0,
  created_at timestamptz not null default app_now(),
  updated_at timestamptz not null default app_now(),
  deleted_at timestamptz,                      -- a deleted product stays in the orders that hold it
  primary key (region, id),
  constraint product_shop_sku_key unique (region, shop_id, sku),
  constraint product_shop_fkey foreign key (region, shop_id) references shop (region, id),
  constraint product_price_check check (price >= 0 and price <> 'NaN'),
  constraint product_cost_price_check check (cost_price >= 0 and cost_price <> 'NaN'),
  constraint product_currency_check check (currency ~ '^[A-Z]{3}$'),
  constraint product_quantity_check check (min_quantity >= 1 and max_quantity >= min_quantity),
  constraint product_approval_status_check check (approval_status in ('PENDING', 'APPROVED', 'REJECTED'))
);
create index product_region_category_idx on product (region, category_id);
