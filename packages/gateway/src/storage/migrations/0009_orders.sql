-- Orders in full: authorisations and captures, refunds, the ledger, and what a merchant's contract limits.

-- Without a token the order is paid with a bare card, or the shopper chooses.
alter table payment_order alter column token_id drop not null;
alter table payment_order add column capture_mode text not null default 'AUTOMATIC';
-- The shopper's authorisation is being given back; nothing may be captured any more.
alter table payment_order add column cancelling boolean not null default false;
alter table payment_order add column captured_minor bigint not null default 0;
alter table payment_order add column refunded_minor bigint not null default 0;
alter table payment_order add column refunding_minor bigint not null default 0;
alter table payment_order add column refund_count integer not null default 0;
-- The day whose limit the order was counted against.
alter table payment_order add column limit_day date;

-- Orders of before were captured whole when they were paid.
update payment_order set captured_minor = amount_minor where status = 'PAY_SUCCESS';
alter table payment_order add constraint captured_what_was_ordered check (captured_minor between 0 and amount_minor);
alter table payment_order add constraint refunded_what_was_captured
  check (refunded_minor >= 0 and refunding_minor >= 0 and refunded_minor + refunding_minor <= captured_minor);
alter table payment_order add constraint refunded_at_most_fifty_times check (refund_count between 0 and 50);

create table payment_refund (
  merchant_id               text not null references merchant,
  acquiring_refund_order_id text not null,
  refund_request_id         text not null,
  request_fingerprint       bytea not null,
  acquiring_order_id        text not null,
  status                    text not null,
  currency                  text not null,
  amount_minor              bigint not null check (amount_minor > 0),
  amount                    text not null,
  echo                      jsonb not null,
  failure                   jsonb,
  notify_url                text,
  requested_at              timestamptz not null,
  completed_at              timestamptz,
  created_at                timestamptz not null,
  updated_at                timestamptz not null,
  primary key (merchant_id, acquiring_refund_order_id),
  unique (merchant_id, refund_request_id),
  foreign key (merchant_id, acquiring_order_id) references payment_order
);
create index payment_refund_of_order on payment_refund (merchant_id, acquiring_order_id);

-- A capture, a void or a refund is about an earlier attempt.
alter table payment_attempt add column original_attempt_id uuid;

-- Money that moved: one line for each attempt that moved some, written with its outcome.
create table ledger_entry (
  merchant_id  text not null references merchant,
  attempt_id   uuid not null,
  -- The attempt that charged or authorised the card.
  payment_id   uuid not null,
  kind         text not null check (kind in ('CAPTURE', 'REFUND')),
  currency     text not null,
  amount_minor bigint not null check (amount_minor > 0),
  booked_at    timestamptz not null,
  primary key (merchant_id, attempt_id)
);
create index ledger_entry_of_payment on ledger_entry (merchant_id, payment_id);

-- Charges of before.
insert into ledger_entry (merchant_id, attempt_id, payment_id, kind, currency, amount_minor, booked_at)
select merchant_id, attempt_id, attempt_id, 'CAPTURE', currency, amount_minor, updated_at
from payment_attempt where verb = 'purchase' and status = 'APPROVED' and amount_minor > 0;

-- Currencies that the contract covers; without a row it covers every supported one, without limits.
create table merchant_currency (
  merchant_id             text not null references merchant,
  currency                text not null,
  transaction_limit_minor bigint check (transaction_limit_minor > 0),
  daily_limit_minor       bigint check (daily_limit_minor > 0),
  primary key (merchant_id, currency)
);

-- What a day's limit was used for; a row for each day that has one.
create table merchant_day (
  merchant_id text not null references merchant,
  currency    text not null,
  day         date not null,
  used_minor  bigint not null check (used_minor >= 0),
  primary key (merchant_id, currency, day)
);

-- Methods that the contract covers; without a row it covers every one of the connector.
create table merchant_pay_method (
  merchant_id       text not null references merchant,
  product_name      text not null,
  pay_method_type   text not null,
  pay_method_name   text not null,
  country           text not null default '',
  currency          text not null default '',
  amount_min_minor  bigint,
  amount_max_minor  bigint,
  available         boolean not null default true,
  refund_allowed    boolean not null default true,
  primary key (merchant_id, product_name, pay_method_name, country, currency)
);

-- The sandbox acquirer's books: what a follow-up is about, and what it will come to.
alter table sandbox_transaction add column original text references sandbox_transaction;
alter table sandbox_transaction add column follow_ups jsonb not null default '{}';
create index sandbox_transaction_of_original on sandbox_transaction (original) where original is not null;
