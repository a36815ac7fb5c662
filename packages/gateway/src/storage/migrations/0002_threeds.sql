-- 3-D Secure: authentications, the CVV that waits for one, and the sandbox issuer's own books.

create table threeds_authentication (
  merchant_id              text not null references merchant,
  authentication_id        text not null,
  subject_kind             text not null,
  subject_id               text not null,
  status                   text not null,
  three_ds_server_trans_id uuid not null unique,
  acs_trans_id             uuid,
  ds_trans_id              uuid,
  trans_status             text,
  trans_status_reason      text,
  eci                      text,
  authentication_value     text,
  challenge_cancel         text,
  currency                 text not null,
  amount_minor             bigint not null,
  shown                    jsonb not null,
  return_url               text,
  -- SHA-256 of what the browser must show: the link's secret until it is opened, the cookie's afterwards.
  holder_hash              bytea not null,
  opened_at                timestamptz,
  expires_at               timestamptz not null,
  created_at               timestamptz not null,
  updated_at               timestamptz not null,
  primary key (merchant_id, authentication_id),
  unique (merchant_id, subject_kind, subject_id)
);
create unique index threeds_authentication_id on threeds_authentication (authentication_id);

-- Never in the write-ahead log, a replica or a base backup; empty after a crash. The key is with the shopper's browser.
create unlogged table vault_cvv_hold (
  merchant_id text not null references merchant,
  hold_id     text not null,
  sealed      bytea not null,
  created_at  timestamptz not null,
  primary key (merchant_id, hold_id)
);

create table sandbox_authentication (
  acs_trans_id             uuid primary key,
  three_ds_server_trans_id uuid not null unique,
  ds_trans_id              uuid not null,
  code                     text not null,
  eci                      text not null,
  tries_left               integer not null,
  trans_status             text not null,
  trans_status_reason      text,
  authentication_value     text,
  challenge_cancel         text,
  results_status           text,
  created_at               timestamptz not null
);

-- A challenged binding is under way as well.
drop index tokenization_session_under_way;
create index tokenization_session_under_way on tokenization_session (merchant_id, merchant_user_id)
  where status in ('SUBMITTED', 'CHALLENGE');
