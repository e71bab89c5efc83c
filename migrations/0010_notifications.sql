-- What people are told beside the live channels: it stays until they delete it. Title and text are no columns: they are rendered from kind
-- and parameters when somebody reads, in the language of that reader.

create table notification (
  region smallint not null,
  id uuid not null,
  recipient_id uuid not null,                  -- a user; the directory is elsewhere, so no key
  kind text not null,
  subject_kind text,                           -- what it is about, on the wire `content_object`
  subject_id uuid,
  parameters jsonb not null default '{}',      -- on the wire `extra_data`; never a PIN or a token: those are derived when read
  created_at timestamptz not null,
  read_at timestamptz,
  handled_at timestamptz,
  deleted_at timestamptz,
  primary key (region, id),
  constraint notification_subject_check check ((subject_kind is null) = (subject_id is null))
);
create index notification_region_recipient_idx on notification (region, recipient_id, id desc) where deleted_at is null;
create index notification_region_unread_idx on notification (region, recipient_id) where read_at is null and deleted_at is null;
