-- Keys that change: how much each was used, and foreign keys that prove that a key which is deleted opens nothing any more.

-- How many values a key may have sealed: counted in blocks, before they are used.
alter table vault_data_key add column seals bigint not null default 0;
create index vault_data_key_kek on vault_data_key (kek_id);

-- Which key made a fingerprint; until now each merchant had one.
alter table vault_card add column fingerprint_key_id uuid;
update vault_card c set fingerprint_key_id =
  (select data_key_id from vault_data_key k where k.merchant_id = c.merchant_id and k.purpose = 'fingerprint');
alter table vault_card alter column fingerprint_key_id set not null,
  add foreign key (merchant_id, fingerprint_key_id) references vault_data_key;
create index vault_card_data_key on vault_card (merchant_id, data_key_id, card_id);
create index vault_card_fingerprint_key on vault_card (merchant_id, fingerprint_key_id, card_id);

alter table platform_key add foreign key (merchant_id, data_key_id) references vault_data_key;

-- The key that sealed a session's private half, as its header says.
alter table tokenization_session add column sealed_by uuid
  generated always as (encode(substring(sealed_private_key from 2 for 16), 'hex')::uuid) stored;
alter table tokenization_session add foreign key (merchant_id, sealed_by) references vault_data_key;
create index tokenization_session_sealed_by on tokenization_session (merchant_id, sealed_by) where sealed_by is not null;

-- A rotation from its begin to its end; one that is not finished goes on where it stopped. purpose is a data key's, or kek.
create table vault_rotation (
  rotation_id uuid primary key,
  purpose     text not null,
  started_at  timestamptz not null,
  finished_at timestamptz
);
create unique index vault_rotation_under_way on vault_rotation (purpose) where finished_at is null;

-- Keys that are gone: a retired KEK must not be taken for a new one. merchant_id '' and purpose kek is a KEK.
create table vault_retired_key (
  merchant_id text not null,
  key_id      text not null,
  purpose     text not null,
  created_at  timestamptz not null,
  retired_at  timestamptz not null,
  primary key (merchant_id, key_id)
);
