-- An order and its attempt are written when they begin and once more when they end. With room left in the page, what they became
-- lies beside what they were: no index is written again, and the log carries only what changed.
alter table payment_order set (fillfactor = 50);
alter table payment_attempt set (fillfactor = 50);
