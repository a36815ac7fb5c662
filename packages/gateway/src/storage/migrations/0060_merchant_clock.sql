-- The clock of a sandbox merchant that does not show real time. A merchant without a row lives in real time.
create table merchant_clock (
  merchant_id  text primary key references merchant,
  -- Where it stands still; null while it runs.
  frozen_at    timestamptz,
  -- How far it runs ahead of real time.
  ahead_ms     bigint not null default 0 check (ahead_ms >= 0),
  -- Where a trip goes that has not arrived, and whether the clock runs again there.
  target       timestamptz,
  runs_after   boolean not null default false,
  -- Real time until which somebody is driving the trip; while it is, queues are looked at without pause.
  driven_until timestamptz
);
