-- What criteria SQL may use beyond the common subset, as DuckDB spells it. The other engines' files define the same names.
create or replace temp macro add_days(day, days) as (day + days)::date;
create or replace temp macro days_between(first_day, last_day) as date_diff('day', first_day::date, last_day::date);
-- Null when there is no such day.
create or replace temp macro safe_date(y, m, d) as try_cast(printf('%04d-%02d-%02d', y, m, d) as date);
create or replace temp macro year_of(day) as cast(year(day) as integer);
create or replace temp macro matches(value, pattern) as regexp_matches(value, pattern);
create or replace temp macro is_whole(value) as regexp_full_match(trim(value), '[+-]?[0-9]+([.]0*)?');
-- Null when the text is no number or no day.
create or replace temp macro as_number(value) as try_cast(value as double);
create or replace temp macro as_day(value) as try_cast(value as date);
