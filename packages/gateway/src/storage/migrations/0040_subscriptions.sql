-- Subscriptions: what is paid again and again, each period once.
create table subscription (
  merchant_id              text not null references merchant,
  subscription_id          text not null,
  subscription_request     text not null,
  request_fingerprint      bytea not null,
  merchant_subscription_id text not null,
  status                   text not null,
  currency                 text not null,
  -- Calendar and prices, as they were agreed.
  terms                    jsonb not null,
  token_id                 text not null,
  -- The period that runs; the first is 1.
  period                   integer not null check (period >= 1),
  started_at               timestamptz,
  -- When the anchor's period began; all later ones are counted from there.
  anchor                   timestamptz,
  anchor_period            integer not null check (anchor_period >= 1),
  next_charge_at           timestamptz,
  echo                     jsonb not null,
  failure                  jsonb,
  notify_url               text not null,
  requested_at             timestamptz not null,
  created_at               timestamptz not null,
  updated_at               timestamptz not null,
  primary key (merchant_id, subscription_id),
  unique (merchant_id, subscription_request)
);

-- A period is paid once: its row is the only one, no try begins while another is undecided, and PAID is final.
create table subscription_period (
  merchant_id     text not null,
  subscription_id text not null,
  period          integer not null check (period >= 1),
  status          text not null check (status in ('DUE', 'CHARGING', 'PAID', 'FAILED')),
  -- How often a charge was begun.
  tries           integer not null check (tries >= 0),
  updated_at      timestamptz not null,
  primary key (merchant_id, subscription_id, period),
  foreign key (merchant_id, subscription_id) references subscription
);

-- Which order is which try of a period.
create table subscription_charge (
  merchant_id        text not null,
  subscription_id    text not null,
  period             integer not null,
  try                integer not null check (try >= 1),
  acquiring_order_id text not null,
  primary key (merchant_id, subscription_id, period, try),
  unique (merchant_id, acquiring_order_id),
  foreign key (merchant_id, subscription_id, period) references subscription_period,
  foreign key (merchant_id, acquiring_order_id) references payment_order
);
