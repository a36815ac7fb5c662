-- What was tried and what failed, in slots of time, under marks that do not say whom they are about. Not in the write-ahead
-- log: a crash of the server forgets counts, and no more than that. merchant_id '' counts over all merchants.

create unlogged table limit_count (
  merchant_id text not null,
  rule        text not null,
  mark        bytea not null,
  slot        timestamptz not null,
  tries       integer not null,
  failures    integer not null,
  primary key (merchant_id, rule, mark, slot)
);
create index limit_count_slot on limit_count (slot);
