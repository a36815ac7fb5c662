-- Charges of a card without its holder that were declined, or whose end is not known yet, under a mark that does not say which
-- card it is. Logged, unlike the other counts: the schemes count for a month, and fine.
create table declined_charge (
  reference   text primary key,
  mark        bytea not null,
  declined_at timestamptz not null
);
create index declined_charge_by_mark on declined_charge (mark, declined_at);

-- When its issuer refused a card for good. Until its holder has paid with it himself it is not charged without him.
alter table token add column refused_at timestamptz;
