-- The hosted checkout page: the key that a shopper's browser encrypts to, for as long as the order may be paid there.
create table checkout (
  acquiring_order_id text primary key,
  merchant_id        text not null references merchant,
  session_id         text not null,
  sealed_private_key bytea,
  sealed_by          uuid generated always as (encode(substring(sealed_private_key from 2 for 16), 'hex')::uuid) stored,
  created_at         timestamptz not null,
  foreign key (merchant_id, acquiring_order_id) references payment_order,
  foreign key (merchant_id, sealed_by) references vault_data_key
);
create index checkout_sealed_by on checkout (merchant_id, sealed_by) where sealed_by is not null;
