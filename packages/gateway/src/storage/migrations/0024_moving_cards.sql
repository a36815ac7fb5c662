-- The key pairs to which others encrypt cards that move in, one of each merchant.

create table vault_import_key (
  merchant_id text primary key references merchant,
  point       bytea not null,
  data_key_id uuid not null,
  sealed      bytea not null,
  created_at  timestamptz not null,
  foreign key (merchant_id, data_key_id) references vault_data_key
);
create index vault_import_key_data_key on vault_import_key (merchant_id, data_key_id);

-- Which tokens stand for a card that is imported once more.
create index token_card on token (merchant_id, card_id) where card_id is not null;
