-- 3-D Secure for orders.

-- A card without a token that rests in the vault until its shopper is authenticated: its id there, and what may be shown.
alter table payment_order add column waiting_card jsonb;

-- Only an answer of the issuer's will do: one that cannot tell is a refusal.
alter table threeds_authentication add column mandated boolean not null default false;

-- The scheme's id of the first approved payment, or check, with the shopper present: later ones without him name it.
alter table token add column network_transaction_id text;
