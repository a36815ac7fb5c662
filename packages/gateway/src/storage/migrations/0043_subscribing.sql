-- Until a subscription is paid at the checkout, it has no card.
alter table subscription alter column token_id drop not null;
-- Of one that takes the place of another: which.
alter table subscription add column origin_id text;

-- Links to management pages: whoever has one may see and end the subscription until it expires. The secret itself is not kept.
create table subscription_link (
  secret_hash     text primary key,
  merchant_id     text not null,
  subscription_id text not null,
  expires_at      timestamptz not null,
  foreign key (merchant_id, subscription_id) references subscription
);
create index subscription_link_by_subscription on subscription_link (merchant_id, subscription_id);
-- A card that is bound to pay a subscription from then on.
alter table tokenization_session add column subscription_id text;
