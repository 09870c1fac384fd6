-- DuckDB's spelling of the few words the other files use; other engines get a prelude of their own.
create or replace temp macro add_days(day, days) as (day + days)::date;
-- Null when there is no such day.
create or replace temp macro safe_date(y, m, d) as try_cast(printf('%04d-%02d-%02d', y, m, d) as date);
