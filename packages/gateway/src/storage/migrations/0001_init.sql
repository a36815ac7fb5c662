-- The walking skeleton: merchants and their keys, the vault, tokens, orders, attempts, the outbox and the queue.
-- merchant_id comes first in every key. Times come from the gateway's clock, never from now().

create table merchant (
  merchant_id   text primary key,
  name          text not null,
  status        text not null check (status in ('ACTIVE', 'SUSPENDED')),
  pci_certified boolean not null,
  settings      jsonb not null,
  created_at    timestamptz not null
);

-- Only the SHA-256 of a key is kept.
create table merchant_api_key (
  key_hash    bytea primary key,
  merchant_id text not null references merchant,
  created_at  timestamptz not null
);

create table merchant_client_key (
  key_hash    bytea primary key,
  merchant_id text not null references merchant,
  origins     text[] not null,
  created_at  timestamptz not null
);

-- The merchant's own public keys: two may be active while one replaces the other.
create table merchant_public_key (
  merchant_id text not null references merchant,
  spki        bytea not null,
  created_at  timestamptz not null,
  primary key (merchant_id, spki)
);

-- Key-encryption keys that this database has seen: a check value tells a wrong key from a right one.
create table vault_kek (
  kek_id      text primary key,
  check_value bytea not null,
  created_at  timestamptz not null
);

-- Data-encryption keys, wrapped by a KEK. merchant_id '' is the system's own.
create table vault_data_key (
  merchant_id text not null,
  data_key_id uuid not null,
  purpose     text not null,
  kek_id      text not null references vault_kek,
  wrapped     bytea not null,
  created_at  timestamptz not null,
  primary key (merchant_id, data_key_id)
);
create index vault_data_key_newest on vault_data_key (merchant_id, purpose, created_at desc);

create table vault_card (
  merchant_id         text not null references merchant,
  card_id             uuid not null,
  data_key_id         uuid not null,
  sealed              bytea not null,
  fingerprint         bytea not null,
  fingerprint_version integer not null,
  created_at          timestamptz not null,
  primary key (merchant_id, card_id),
  foreign key (merchant_id, data_key_id) references vault_data_key
);
create index vault_card_fingerprint on vault_card (merchant_id, fingerprint);

create table vault_access (
  merchant_id text not null references merchant,
  access_id   uuid not null,
  card_id     uuid not null,
  purpose     text not null,
  reference   text not null,
  at          timestamptz not null,
  primary key (merchant_id, access_id)
);

-- The key pair that signs answers and webhooks of a merchant; merchant_id '' is the system's own.
create table platform_key (
  merchant_id text primary key,
  spki        bytea not null,
  data_key_id uuid not null,
  sealed      bytea not null,
  created_at  timestamptz not null
);

-- One binding, from generate to its end. The unique pair is the idempotency record.
create table tokenization_session (
  merchant_id         text not null references merchant,
  token_request_id    text not null,
  request_fingerprint bytea not null,
  status              text not null,
  session_id          text,
  sealed_private_key  bytea,
  expires_at          timestamptz,
  refused_submits     integer not null default 0,
  submit_fingerprint  bytea,
  merchant_user_id    text not null,
  sub_merchant_id     text,
  notify_url          text,
  billing_address     jsonb,
  card_id             uuid,
  card_summary        jsonb,
  return_url          text,
  token_id            text,
  failure             jsonb,
  created_at          timestamptz not null,
  updated_at          timestamptz not null,
  primary key (merchant_id, token_request_id)
);
create index tokenization_session_under_way on tokenization_session (merchant_id, merchant_user_id)
  where status = 'SUBMITTED';
create unique index tokenization_session_id on tokenization_session (session_id) where session_id is not null;

create table token (
  merchant_id      text not null references merchant,
  token_id         text not null,
  token_request_id text not null,
  merchant_user_id text not null,
  sub_merchant_id  text,
  status           text not null,
  card_id          uuid,
  card_summary     jsonb,
  billing_address  jsonb,
  notify_url       text,
  -- Oldest first: times may be equal.
  sequence         bigint generated always as identity,
  created_at       timestamptz not null,
  updated_at       timestamptz not null,
  primary key (merchant_id, token_id),
  unique (merchant_id, token_request_id)
);
create index token_of_user on token (merchant_id, merchant_user_id, sequence);

create table payment_order (
  merchant_id         text not null references merchant,
  acquiring_order_id  text not null,
  payment_request_id  text not null,
  request_fingerprint bytea not null,
  merchant_order_id   text not null,
  status              text not null,
  currency            text not null,
  amount_minor        bigint not null,
  amount              text not null,
  token_id            text not null,
  initiator           text not null,
  echo                jsonb not null,
  failure             jsonb,
  notify_url          text not null,
  requested_at        timestamptz not null,
  expires_at          timestamptz not null,
  completed_at        timestamptz,
  created_at          timestamptz not null,
  updated_at          timestamptz not null,
  primary key (merchant_id, acquiring_order_id),
  unique (merchant_id, payment_request_id)
);

-- One call to an acquirer, recorded before it is made.
create table payment_attempt (
  merchant_id           text not null references merchant,
  attempt_id            uuid not null,
  subject_kind          text not null,
  subject_id            text not null,
  verb                  text not null,
  connector             text not null,
  status                text not null,
  currency              text not null,
  amount_minor          bigint not null,
  decline_reason        text,
  acquirer_reference    text,
  network_transaction_id text,
  created_at            timestamptz not null,
  updated_at            timestamptz not null,
  primary key (merchant_id, attempt_id)
);
create index payment_attempt_of_subject on payment_attempt (merchant_id, subject_kind, subject_id);

-- Written in the transaction of the transition that it tells of.
create table outbox (
  merchant_id  text not null references merchant,
  event_id     uuid not null,
  event_type   text not null,
  object_id    text not null,
  notify_url   text not null,
  body         bytea not null,
  signature    text,
  status       text not null check (status in ('PENDING', 'DELIVERED', 'EXHAUSTED')),
  created_at   timestamptz not null,
  updated_at   timestamptz not null,
  primary key (merchant_id, event_id)
);
create index outbox_of_object on outbox (merchant_id, object_id, created_at);

create table delivery (
  merchant_id text not null references merchant,
  event_id    uuid not null,
  attempt     integer not null,
  started_at  timestamptz not null,
  ended_at    timestamptz,
  http_status integer,
  outcome     text,
  primary key (merchant_id, event_id, attempt)
);

-- Work that happens by itself. Due times are compared with the gateway's clock. The job id is a sequence, for times can
-- be equal and a lane must keep the order in which its jobs were written.
create table job (
  job_id       bigint generated always as identity primary key,
  merchant_id  text not null,
  kind         text not null,
  lane         text,
  payload      jsonb not null,
  attempts     integer not null default 0,
  due_at       timestamptz not null,
  lease_id     uuid,
  leased_until timestamptz,
  created_at   timestamptz not null,
  check ((lease_id is null) = (leased_until is null))
);
create index job_due on job (due_at, job_id);
create index job_leased on job (leased_until) where leased_until is not null;
create index job_lane on job (merchant_id, lane, job_id) where lane is not null;

-- The sandbox acquirer's own books: what it did, by the reference it was given.
create table sandbox_transaction (
  reference  text primary key,
  verb       text not null,
  outcome    jsonb not null,
  currency   text not null,
  amount_minor bigint not null,
  created_at timestamptz not null
);
