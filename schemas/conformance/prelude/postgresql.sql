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
-- Numbers of people in text. plain_text: full-width digits and signs, dashes and blanks of other kinds as their ASCII twins.
-- Written with escapes: the literals of this file have to reach a server of any encoding. Where characters are bytes (SQL_ASCII), text stays as it is.
create or replace function pg_temp.plain_text(value text) returns text language sql immutable as 'select $1';
do $do$
begin
  if getdatabaseencoding() = 'UTF8' then
    execute $text$create or replace function pg_temp.plain_text(value text) returns text language sql immutable as 'select translate($1,
      E''\uFF10\uFF11\uFF12\uFF13\uFF14\uFF15\uFF16\uFF17\uFF18\uFF19\uFF0D\u2015\uFF0E\u00B7\u3000\uFF20\uFF08\uFF09\uFF0B\u2010\u2011\u2012\u2013\u2014\u2212\u00A0\t'', ''0123456789--.. @()+------  '')'$text$;
  elsif getdatabaseencoding() in ('EUC_KR', 'UHC') then
    execute $text$create or replace function pg_temp.plain_text(value text) returns text language sql immutable as 'select translate($1,
      E''\uFF10\uFF11\uFF12\uFF13\uFF14\uFF15\uFF16\uFF17\uFF18\uFF19\uFF0D\u2015\uFF0E\u00B7\u3000\uFF20\uFF08\uFF09\uFF0B\t'', ''0123456789--.. @()+ '')'$text$;
  end if;
exception when others then null;  -- before version 13 such escapes are for UTF8 alone
end $do$;
create or replace function pg_temp.digit_at(value text, place integer) returns integer language sql immutable as
  $$select cast(substring(value, place, 1) as integer)$$;
-- 13 digits from 880 whose last is the check digit of EAN-13: the barcode of a Korean medicine (KD code), not a person's number.
create or replace function pg_temp.is_drug_barcode(value text) returns boolean language sql immutable as
  $$select case when value ~ '^880[0-9]{10}$' then (pg_temp.digit_at(value, 1) + pg_temp.digit_at(value, 3) + pg_temp.digit_at(value, 5) + pg_temp.digit_at(value, 7) +
    pg_temp.digit_at(value, 9) + pg_temp.digit_at(value, 11) + pg_temp.digit_at(value, 13) + 3 * (pg_temp.digit_at(value, 2) + pg_temp.digit_at(value, 4) + pg_temp.digit_at(value, 6) +
    pg_temp.digit_at(value, 8) + pg_temp.digit_at(value, 10) + pg_temp.digit_at(value, 12))) % 10 = 0 else false end$$;
-- Thirteen digits in a row. Weights 2 to 9, then 2 to 5; a barcode stays one unless it fits a person's number too (lib/base/registration_number.hpp has the same rule).
create or replace function pg_temp.is_bare_registration(value text) returns boolean language sql immutable as
  $$select case when value ~ '^([0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[1256]|[0-4][0-9](0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[3478])[0-9]{6}$' then not
    pg_temp.is_drug_barcode(value) or (case when pg_temp.digit_at(value, 7) > 4 then 13 else 11 end - (2 * pg_temp.digit_at(value, 1) + 3 * pg_temp.digit_at(value, 2) + 4 *
    pg_temp.digit_at(value, 3) + 5 * pg_temp.digit_at(value, 4) + 6 * pg_temp.digit_at(value, 5) + 7 * pg_temp.digit_at(value, 6) + 8 * pg_temp.digit_at(value, 7) + 9 * pg_temp.digit_at(value,
    8) + 2 * pg_temp.digit_at(value, 9) + 3 * pg_temp.digit_at(value, 10) + 4 * pg_temp.digit_at(value, 11) + 5 * pg_temp.digit_at(value, 12)) % 11) % 10 = pg_temp.digit_at(value, 13) else
    false end$$;
create or replace function pg_temp.registration_in(value text) returns boolean language sql immutable as
  $$select value ~ '(^|[^0-9])[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])( {0,2}-[ ]{0,2}[0-9]| {0,2}[./] {0,2}[1-8]| {1,2}[1-8])[0-9]{6}([^0-9]|$)' or exists (select 1 from
    regexp_matches(value, '[0-9.]+', 'g') as found(runs) where pg_temp.is_bare_registration(rtrim(runs[1], '.')))$$;
-- Mobile and area numbers (an area code needs a sign behind it), and both with +82.
create or replace function pg_temp.telephone_in(value text) returns boolean language sql immutable as
  $$select value ~ ('(^|[^0-9.-]|[^0-9][.-])[(]?(01(0[ .)-]{0,3}[0-9]{4}|[16789][ .)-]{0,3}[0-9]{3,4})[ .-]{0,3}[0-9]{4}' ||
    '|0(2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70|80|50[2-8])[ .)-]{1,3}[0-9]{3,4}[ .-]{1,3}[0-9]{4}' ||
    '|([+]82|0082|82[ .-])[ .)-]{0,3}([(]?0[)]?)?[ .-]{0,2}(10|1[16789]|2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70)[ .)-]{0,3}[0-9]{3,4}[ .-]{0,3}[0-9]{4})([^0-9-]|-[^0-9]|$)')$$;
-- The check digit of cards (Luhn) over sixteen digits.
create or replace function pg_temp.has_luhn_digit(value text) returns boolean language sql immutable as
  $$select (pg_temp.digit_at(value, 2) + pg_temp.digit_at(value, 4) + pg_temp.digit_at(value, 6) + pg_temp.digit_at(value, 8) + pg_temp.digit_at(value, 10) + pg_temp.digit_at(value, 12) +
    pg_temp.digit_at(value, 14) + pg_temp.digit_at(value, 16) + pg_temp.digit_at('0246813579', pg_temp.digit_at(value, 1) + 1) + pg_temp.digit_at('0246813579', pg_temp.digit_at(value, 3) + 1) +
    pg_temp.digit_at('0246813579', pg_temp.digit_at(value, 5) + 1) + pg_temp.digit_at('0246813579', pg_temp.digit_at(value, 7) + 1) + pg_temp.digit_at('0246813579', pg_temp.digit_at(value, 9) +
    1) + pg_temp.digit_at('0246813579', pg_temp.digit_at(value, 11) + 1) + pg_temp.digit_at('0246813579', pg_temp.digit_at(value, 13) + 1) + pg_temp.digit_at('0246813579',
    pg_temp.digit_at(value, 15) + 1)) % 10 = 0$$;
create or replace function pg_temp.card_in(value text) returns boolean language sql immutable as
  $$select value ~ '(^|[^0-9-])[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{4}([^0-9-]|$)' or exists (select 1 from regexp_matches(value,
    '(^|[^0-9])([3-69][0-9]{3}[ .]?[0-9]{4}[ .]?[0-9]{4}[ .]?[0-9]{4}|3[47][0-9]{2}[ .-]?[0-9]{6}[ .-]?[0-9]{5})([^0-9]|$)', 'g') as found(runs) where
    pg_temp.has_luhn_digit(lpad(replace(replace(replace(runs[2], ' ', ''), '.', ''), '-', ''), 16, '0')))$$;
create or replace function pg_temp.document_in(value text) returns boolean language sql immutable as
  $$select value ~ '(^|[^A-Za-z0-9])(M[0-9]{8}|[MSRGDO][0-9]{3}[A-Z][0-9]{4})([^A-Za-z0-9]|$)' or value ~ '(\uC5EC\uAD8C|[Pp]assport|PASSPORT)[^0-9]{0,12}[A-Z]{1,2}[0-9]{7,8}([^0-9]|$)' or
    value ~
    '(^|[^0-9-])((1[1-9]|2[0-8])[ -]|(\uC11C\uC6B8|\uBD80\uC0B0|\uB300\uAD6C|\uC778\uCC9C|\uAD11\uC8FC|\uB300\uC804|\uC6B8\uC0B0|\uACBD\uAE30|\uAC15\uC6D0|\uCDA9\uBD81|\uCDA9\uB0A8|\uC804\uBD81|\uC804\uB0A8|\uACBD\uBD81|\uACBD\uB0A8|\uC81C\uC8FC) ?)[0-9]{2}[ -][0-9]{6}[ -][0-9]{2}([^0-9-]|$)'$$;
-- What criteria call. Cells that are too short or without a digit are let go at once; never null.
create or replace function pg_temp.has_registration_number(value text) returns boolean language sql immutable as
  $$select case when length(value) > 12 then pg_temp.registration_in(pg_temp.plain_text(value)) else false end$$;
create or replace function pg_temp.has_telephone(value text) returns boolean language sql immutable as
  $$select case when length(value) > 8 then pg_temp.telephone_in(pg_temp.plain_text(value)) else false end$$;
create or replace function pg_temp.has_email(value text) returns boolean language sql immutable as
  $$select case when length(value) > 5 then pg_temp.plain_text(value) ~ '[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+[.][A-Za-z]{2,}' else false end$$;
create or replace function pg_temp.has_card_number(value text) returns boolean language sql immutable as
  $$select case when length(value) > 14 then pg_temp.card_in(pg_temp.plain_text(value)) else false end$$;
create or replace function pg_temp.has_identity_document(value text) returns boolean language sql immutable as
  $$select case when length(value) > 8 then pg_temp.document_in(pg_temp.plain_text(value)) else false end$$;
