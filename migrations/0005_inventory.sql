-- How much of each product its shop has. A narrow row of its own, because every checkout locks it.

create table stock (
  region smallint not null,
  product_id uuid not null,
  on_hand int not null,
  updated_at timestamptz not null,
  primary key (region, product_id),
  foreign key (region, product_id) references product (region, id),
  constraint stock_on_hand_check check (on_hand >= 0)
) with (fillfactor = 70);
