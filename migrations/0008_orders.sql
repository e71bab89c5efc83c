-- What a customer bought (orders), its part for each shop (shop_order), and the lines. Copies, not references: an order
-- stays true when a shop moves or a name changes.

create table orders (
  region smallint not null,
  id uuid not null,
  code text not null,                          -- said aloud at the counter and at the door
  placed_on date not null,                     -- a code is unique within its day
  customer_id uuid not null,
  customer_name text not null,
  customer_phone text,
  status text not null default 'CREATED' check (status in
    ('CREATED', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'COMPLETED', 'CANCELLED', 'DELIVERY_FAILED', 'RETURNED_TO_SHOP')),
  fulfilment text not null check (fulfilment in ('delivery', 'pickup')),
  payment_mode text not null check (payment_mode in ('WALLET', 'COD', 'COP', 'GATEWAY')),
  payment_status text not null check (payment_status in ('UNPAID', 'HELD', 'PAID', 'RELEASED', 'REFUNDED')),
  dropoff_address text,
  dropoff_lat double precision,
  dropoff_lng double precision,
  delivery_fee numeric(20,4) not null,
  tip numeric(20,4) not null default 0,
  tax numeric(20,4) not null default 0,
  discount numeric(20,4) not null default 0,
  total numeric(20,4) not null,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  crew_id uuid,
  crew_name text,
  note text,
  placed_at timestamptz not null,
  delivered_at timestamptz,
  completable_at timestamptz,
  updated_at timestamptz not null,
  primary key (region, id),
  unique (region, placed_on, code),
  constraint orders_delivery_fee_tip_tax_discount_total_check check (delivery_fee >= 0 and tip >= 0 and tax >= 0 and discount >= 0 and total >= 0
    and 'NaN' not in (delivery_fee, tip, tax, discount, total)),
  constraint orders_fulfilment_dropoff_check check (fulfilment = 'pickup' or
    (dropoff_address is not null and dropoff_lat is not null and dropoff_lng is not null))
);
create index orders_region_customer_id_id_idx on orders (region, customer_id, id desc);
create index orders_region_status_id_idx on orders (region, status, id desc);
create index orders_region_crew_id_id_idx on orders (region, crew_id, id desc) where crew_id is not null;

create table shop_order (
  region smallint not null,
  id uuid not null,
  order_id uuid not null,
  shop_id uuid not null,
  seller_id uuid not null,                     -- who is paid
  position smallint not null,
  name text not null,
  address text not null,
  lat double precision not null,
  lng double precision not null,
  prep_status text not null default 'NEW' check (prep_status in ('NEW', 'ACCEPTED', 'READY', 'REJECTED')),
  prep_minutes int not null,                   -- the shop's usual, until it says otherwise at accepting
  accept_by timestamptz not null,
  ready_at timestamptz,                        -- expected once accepted, then when it was
  picked_up_at timestamptz,
  reason text,                                 -- why it was rejected
  subtotal numeric(20,4) not null check (subtotal >= 0 and subtotal <> 'NaN'),
  delivery_fee numeric(20,4) not null check (delivery_fee >= 0 and delivery_fee <> 'NaN'),   -- its share, given back when it is rejected
  primary key (region, id),
  foreign key (region, order_id) references orders (region, id),
  unique (region, order_id, shop_id)
);
create index shop_order_region_shop_id_order_id_idx on shop_order (region, shop_id, order_id desc);

create table order_line (
  region smallint not null,
  id uuid not null,
  shop_order_id uuid not null,
  product_id uuid not null,
  name text not null,
  quantity int not null check (quantity > 0),
  price numeric(20,4) not null check (price >= 0 and price <> 'NaN'),
  primary key (region, id),
  foreign key (region, shop_order_id) references shop_order (region, id)
);
create index order_line_region_shop_order_id_idx on order_line (region, shop_order_id);
