-- What shops sell. Categories are global, so no regional foreign key refers to them.

create table product_category (
  id uuid primary key,
  parent_id uuid references product_category (id),
  name text not null,
  name_ar text,
  position int not null default 0,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (name)
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
  cost_price numeric(20,4),                    -- for profits; only its seller and admins see it
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
  created_at timestamptz not null,
  updated_at timestamptz not null,
  deleted_at timestamptz,                      -- a deleted product stays in the orders that hold it
  primary key (region, id),
  constraint product_region_shop_id_sku_key unique (region, shop_id, sku),
  foreign key (region, shop_id) references shop (region, id),
  constraint product_price_check check (price >= 0 and price <> 'NaN'),
  constraint product_cost_price_check check (cost_price >= 0 and cost_price <> 'NaN'),
  constraint product_currency_check check (currency ~ '^[A-Z]{3}$'),
  constraint product_min_quantity_max_quantity_check check (min_quantity >= 1 and max_quantity >= min_quantity),
  constraint product_approval_status_check check (approval_status in ('PENDING', 'APPROVED', 'REJECTED'))
);
create index product_region_category_id_idx on product (region, category_id);
create index product_name_name_ar_description_sku_idx on product
  using gin (name gin_trgm_ops, name_ar gin_trgm_ops, description gin_trgm_ops, sku gin_trgm_ops) where deleted_at is null;

-- One for each ordering of product lists; the newest products are found in the order of their ids.
create index product_region_price_id_idx on product (region, price, id) where is_active and approval_status = 'APPROVED' and deleted_at is null;
create index product_region_name_id_idx on product (region, lower(name), id)
  where is_active and approval_status = 'APPROVED' and deleted_at is null;
create index product_region_avg_rating_id_idx on product (region, coalesce(avg_rating, 0), id)
  where is_active and approval_status = 'APPROVED' and deleted_at is null;
