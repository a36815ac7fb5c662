-- The ISO 8583 acquirer: what was sent to its host, written before it is sent. No card number rests here.

create table iso8583_exchange (
  -- The attempt's id.
  reference           text primary key,
  merchant_id         text not null,
  verb                text not null,
  -- SENT: the host has the next move. REVERSING: the host must acknowledge that it never was. The others are final.
  status              text not null check (status in ('SENT', 'REVERSING', 'APPROVED', 'DECLINED', 'REVERSED', 'STRUCK')),
  -- Fields 11 and 37 follow from it, field 7 from the time.
  trace               bigint not null generated always as identity,
  sent_at             timestamptz not null,
  currency            text not null,
  amount_minor        bigint not null,
  -- The reference of the charge that a follow-up is about.
  original            text,
  -- Field 37 as the host answered it, and field 38.
  retrieval_reference text,
  approval_code       text,
  decline_reason      text,
  -- The reversal's own trace and time: what is sent again until the host acknowledges it is the same message.
  reversal_trace      bigint,
  reversal_at         timestamptz
);
create index iso8583_exchange_of_original on iso8583_exchange (original) where original is not null;
