-- Beside postgresql.sql, for tables whose columns were made with other types than the CDM's: a text as the CDM's type, null when it does not
-- fit. The program makes views of the session's own with them; packs do not use them.
create or replace function pg_temp.typed_integer(value text) returns bigint language sql immutable as
  'select case when $1 ~ ''^\s*[+-]?[0-9]{1,18}([.]0*)?\s*$'' then trunc(trim($1)::numeric)::bigint end';
create or replace function pg_temp.typed_number(value text) returns double precision language sql immutable as 'select pg_temp.as_number($1)';
create or replace function pg_temp.typed_date(value text) returns date language sql immutable as
  'select case when trim($1) ~ ''^[0-9]{8}$'' then pg_temp.safe_date(substring(trim($1), 1, 4)::bigint, substring(trim($1), 5, 2)::bigint, substring(trim($1), 7, 2)::bigint) when trim($1) ~ ''^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9:.]*)?$'' then pg_temp.as_day(trim($1)) end';
create or replace function pg_temp.typed_datetime(value text) returns timestamp language sql immutable as
  'select case when trim($1) ~ ''^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?)?$'' and pg_temp.as_day(trim($1)) is not null then trim($1)::timestamp end';
