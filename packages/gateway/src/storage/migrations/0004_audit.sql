-- Who used what: one hash chain for each merchant, and one (merchant_id '') for the system. Entries from before the chain
-- stay in vault_access, which nothing writes to any more.

create table access_entry (
  merchant_id text not null,
  sequence    bigint not null,
  at          timestamptz not null,
  actor       text not null,
  act         text not null,
  purpose     text,
  card_id     uuid,
  token_id    text,
  subject     text,
  reference   text,
  -- The audit key of its mac; a key that an entry names cannot be deleted.
  data_key_id uuid not null,
  mac         bytea not null,
  primary key (merchant_id, sequence),
  foreign key (merchant_id, data_key_id) references vault_data_key
);
create index access_entry_of_token on access_entry (merchant_id, token_id, sequence) where token_id is not null;

-- The end of each chain. Who appends locks it, last of all locks and for one statement's time.
create table access_chain (
  merchant_id text primary key,
  sequence    bigint not null,
  mac         bytea not null
);

-- Ends of chains as they were signed and printed.
create table access_anchor (
  merchant_id text not null,
  sequence    bigint not null,
  mac         bytea not null,
  at          timestamptz not null,
  signature   text not null,
  primary key (merchant_id, sequence)
);
