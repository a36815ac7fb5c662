-- Counts that no scheme looks at any more are found by their age.
create index declined_charge_by_time on declined_charge (declined_at);

-- When the account updater put another card in the place of the one that was bound: what was declined before says nothing of it.
alter table token add column renewed_at timestamptz;
