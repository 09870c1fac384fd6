-- The same names as in duckdb.sql. They live in the session's temporary schema, so nothing is left in the database; criteria SQL gets the
-- prefix pg_temp. put before them. Numbers are bigint: a CDM's columns are integer or bigint, and integers fit both.
create or replace function pg_temp.add_days(day date, days bigint) returns date language sql immutable as 'select $1 + $2::integer';
create or replace function pg_temp.add_days(day timestamp, days bigint) returns date language sql immutable as 'select $1::date + $2::integer';
create or replace function pg_temp.days_between(first_day timestamp, last_day timestamp) returns integer language sql immutable as 'select $2::date - $1::date';
create or replace function pg_temp.safe_date(y bigint, m bigint, d bigint) returns date language sql immutable as
  'select case when $1 between 1 and 9999 and $2 between 1 and 12 and $3 between 1 and extract(day from make_date($1::integer, $2::integer, 1) + interval ''1 month - 1 day'') then make_date($1::integer, $2::integer, $3::integer) end';
create or replace function pg_temp.year_of(day timestamp) returns integer language sql immutable as 'select extract(year from $1)::integer';
create or replace function pg_temp.matches(value text, pattern text) returns boolean language sql immutable as 'select $1 ~ $2';
create or replace function pg_temp.is_whole(value text) returns boolean language sql immutable as 'select trim($1) ~ ''^[+-]?[0-9]+([.]0*)?$''';
create or replace function pg_temp.as_number(value text) returns double precision language sql immutable as
  'select case when trim($1) ~ ''^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?$'' then trim($1)::double precision end';
create or replace function pg_temp.as_day(value text) returns date language sql immutable as
  'select case when $1 ~ ''^[0-9]{4}-[0-9]{2}-[0-9]{2}'' then pg_temp.safe_date(substring($1, 1, 4)::integer, substring($1, 6, 2)::integer, substring($1, 9, 2)::integer) end';
