-- Lists and searches that stay quick when there is much of everything.

-- Words anywhere in a text, by their groups of three letters. Trusted: the database's owner may make it.
create extension if not exists pg_trgm;
create index product_words_idx on product using gin (name gin_trgm_ops, name_ar gin_trgm_ops, description gin_trgm_ops, sku gin_trgm_ops)
  where deleted_at is null;
create index shop_words_idx on shop using gin (name gin_trgm_ops, name_ar gin_trgm_ops, description gin_trgm_ops) where status = 'APPROVED';

-- One for each order that a list of products has; the newest are in the order of their ids.
create index product_region_price_idx on product (region, price, id) where is_active and approval_status = 'APPROVED' and deleted_at is null;
create index product_region_name_idx on product (region, lower(name), id) where is_active and approval_status = 'APPROVED' and deleted_at is null;
create index product_region_rating_idx on product (region, coalesce(avg_rating, 0), id)
  where is_active and approval_status = 'APPROVED' and deleted_at is null;
