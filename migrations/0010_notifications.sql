-- Notifications, kept until their recipient deletes them. Title and text are no columns: they are rendered from kind and parameters when somebody
-- reads, in the language of that reader.

create table notification (
  region smallint not null,
  id uuid not null,
  recipient_id uuid not null,                  -- a user: users are global, so no foreign key
  kind text not null,
  subject_kind text,                           -- what it is about; `content_object` on the wire
  subject_id uuid,
  parameters jsonb not null default '{}',      -- on the wire `extra_data`; never a PIN or a token: those are derived when read
  created_at timestamptz not null,
  read_at timestamptz,
  handled_at timestamptz,
  deleted_at timestamptz,
  primary key (region, id),
  constraint notification_subject_kind_subject_id_check check ((subject_kind is null) = (subject_id is null))
);
create index notification_region_recipient_id_id_idx on notification (region, recipient_id, id desc) where deleted_at is null;
create index notification_region_recipient_id_unread_idx on notification (region, recipient_id) where read_at is null and deleted_at is null;
