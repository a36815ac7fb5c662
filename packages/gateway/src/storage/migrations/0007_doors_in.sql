-- The doors inward: keys that can be named, replaced and revoked.

-- What may be shown of a key: its prefix and eight characters. Empty: a key of before, named when it is next registered.
alter table merchant_api_key
  add column key_id text not null default '',
  add column revoked_at timestamptz;
create index merchant_api_key_id on merchant_api_key (key_id);

alter table merchant_client_key
  add column key_id text not null default '',
  add column revoked_at timestamptz;
create index merchant_client_key_id on merchant_client_key (key_id);

-- A key is CLAIMED until its owner has signed the challenge with the private half.
alter table merchant_public_key
  add column key_id text not null generated always as (left(encode(sha256(spki), 'hex'), 32)) stored,
  add column status text not null default 'ACTIVE' check (status in ('CLAIMED', 'ACTIVE', 'REVOKED')),
  add column challenge text,
  add column updated_at timestamptz;
-- A key that somebody proved to own is nobody else's, not even when it is revoked.
create unique index merchant_public_key_owner on merchant_public_key (key_id) where status <> 'CLAIMED';
