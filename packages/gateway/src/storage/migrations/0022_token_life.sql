-- A token's later life: suspended and let back, expired with its card, renewed by the account updater.

-- What a token was before it was suspended or expired; it becomes that again.
alter table token add column former_status text;

-- The merchant's wish for 3-D Secure at this binding.
alter table tokenization_session add column three_ds_decision text;

create index token_expiring on token (merchant_id, (card_summary ->> 'expiry')) where status in ('UNVERIFIED', 'VERIFIED');

-- Months at whose end a job expires a merchant's cards.
create table token_expiry (
  merchant_id text not null references merchant,
  -- MM/YYYY
  expiry      text not null,
  primary key (merchant_id, expiry)
);
insert into token_expiry (merchant_id, expiry)
  select distinct merchant_id, card_summary ->> 'expiry' from token where status in ('UNVERIFIED', 'VERIFIED');
insert into job (merchant_id, kind, payload, due_at, created_at)
  select merchant_id, 'tokenization/expire-cards', jsonb_build_object('expiry', expiry),
         (make_date(right(expiry, 4)::int, left(expiry, 2)::int, 1) + interval '1 month') at time zone 'UTC', now()
  from token_expiry;
