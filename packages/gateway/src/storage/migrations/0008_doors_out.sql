-- Notifications on their way out: what receivers answered, sending again, an end to keeping, and fair places.

-- A round is one pass through the schedule; sending again begins the next one.
alter table outbox
  add column round integer not null default 1,
  add column attempts_before_round integer not null default 0;
create index outbox_newest on outbox (event_id);
create index outbox_ended on outbox (updated_at) where status <> 'PENDING';

-- The beginning of an answer, scrubbed. What was sent needs no column: it follows from the event.
alter table delivery
  add column answer_type text,
  add column answer_excerpt text;

-- Whom a job waits for, so that one host never holds all places.
alter table job add column host text;

-- The system's own jobs come back for ever, each once.
create unique index job_standing on job (kind) where merchant_id = '';
