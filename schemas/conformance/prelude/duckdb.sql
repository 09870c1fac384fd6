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
-- Numbers of people in text. plain_text: full-width digits and signs, dashes and blanks of other kinds as their ASCII twins.
create or replace temp macro plain_text(value) as translate(value, '０１２３４５６７８９－‐‑‒–—―−．·　＠（）＋' || chr(160) || chr(9), '0123456789--------.. @()+  ');
create or replace temp macro digit_at(value, place) as cast(substring(value, place, 1) as integer);
-- 13 digits from 880 whose last is the check digit of EAN-13: the barcode of a Korean medicine (KD code), not a person's number.
create or replace temp macro is_drug_barcode(value) as case when regexp_matches(value, '^880[0-9]{10}$') then (digit_at(value, 1) + digit_at(value, 3) + digit_at(value, 5) + digit_at(value, 7)
  + digit_at(value, 9) + digit_at(value, 11) + digit_at(value, 13) + 3 * (digit_at(value, 2) + digit_at(value, 4) + digit_at(value, 6) + digit_at(value, 8) + digit_at(value, 10) + digit_at(value, 12))) % 10 = 0
  else false end;
-- Thirteen digits in a row. Weights 2 to 9, then 2 to 5; a barcode stays one unless it fits a person's number too (lib/base/registration_number.hpp has the same rule).
create or replace temp macro is_bare_registration(value) as case when regexp_matches(value, '^([0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[1256]|[0-4][0-9](0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[3478])[0-9]{6}$')
  then not is_drug_barcode(value) or (case when digit_at(value, 7) > 4 then 13 else 11 end - (2 * digit_at(value, 1) + 3 * digit_at(value, 2) + 4 * digit_at(value, 3) + 5 * digit_at(value, 4) + 6 * digit_at(value, 5)
  + 7 * digit_at(value, 6) + 8 * digit_at(value, 7) + 9 * digit_at(value, 8) + 2 * digit_at(value, 9) + 3 * digit_at(value, 10) + 4 * digit_at(value, 11) + 5 * digit_at(value, 12)) % 11) % 10 = digit_at(value, 13)
  else false end;
create or replace temp macro registration_in(value) as
  regexp_matches(value, '(^|[^0-9])[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])( {0,2}-[ ]{0,2}[0-9]| {0,2}[./] {0,2}[1-8]| {1,2}[1-8])[0-9]{6}([^0-9]|$)')
  or len(list_filter(regexp_extract_all(value, '[0-9.]+'), lambda run: is_bare_registration(rtrim(run, '.')))) > 0;
-- Mobile and area numbers (an area code needs a sign behind it), and both with +82.
create or replace temp macro telephone_in(value) as regexp_matches(value, '(^|[^0-9.-]|[^0-9][.-])[(]?(01(0[ .)-]{0,3}[0-9]{4}|[16789][ .)-]{0,3}[0-9]{3,4})[ .-]{0,3}[0-9]{4}'
  || '|0(2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70|80|50[2-8])[ .)-]{1,3}[0-9]{3,4}[ .-]{1,3}[0-9]{4}'
  || '|([+]82|0082|82[ .-])[ .)-]{0,3}([(]?0[)]?)?[ .-]{0,2}(10|1[16789]|2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70)[ .)-]{0,3}[0-9]{3,4}[ .-]{0,3}[0-9]{4})([^0-9-]|-[^0-9]|$)');
-- The check digit of cards (Luhn) over sixteen digits.
create or replace temp macro has_luhn_digit(value) as (digit_at(value, 2) + digit_at(value, 4) + digit_at(value, 6) + digit_at(value, 8) + digit_at(value, 10) + digit_at(value, 12) + digit_at(value, 14) + digit_at(value, 16)
  + digit_at('0246813579', digit_at(value, 1) + 1) + digit_at('0246813579', digit_at(value, 3) + 1) + digit_at('0246813579', digit_at(value, 5) + 1) + digit_at('0246813579', digit_at(value, 7) + 1)
  + digit_at('0246813579', digit_at(value, 9) + 1) + digit_at('0246813579', digit_at(value, 11) + 1) + digit_at('0246813579', digit_at(value, 13) + 1) + digit_at('0246813579', digit_at(value, 15) + 1)) % 10 = 0;
create or replace temp macro card_in(value) as regexp_matches(value, '(^|[^0-9-])[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{4}([^0-9-]|$)')
  or len(list_filter(regexp_extract_all(value, '(^|[^0-9])([3-69][0-9]{3}[ .]?[0-9]{4}[ .]?[0-9]{4}[ .]?[0-9]{4}|3[47][0-9]{2}[ .-]?[0-9]{6}[ .-]?[0-9]{5})([^0-9]|$)', 2),
  lambda run: has_luhn_digit(lpad(replace(replace(replace(run, ' ', ''), '.', ''), '-', ''), 16, '0')))) > 0;
create or replace temp macro document_in(value) as regexp_matches(value, '(^|[^A-Za-z0-9])(M[0-9]{8}|[MSRGDO][0-9]{3}[A-Z][0-9]{4})([^A-Za-z0-9]|$)')
  or regexp_matches(value, '(여권|[Pp]assport|PASSPORT)[^0-9]{0,12}[A-Z]{1,2}[0-9]{7,8}([^0-9]|$)')
  or regexp_matches(value, '(^|[^0-9-])((1[1-9]|2[0-8])[ -]|(서울|부산|대구|인천|광주|대전|울산|경기|강원|충북|충남|전북|전남|경북|경남|제주) ?)[0-9]{2}[ -][0-9]{6}[ -][0-9]{2}([^0-9-]|$)');
-- What criteria call. Cells that are too short or without a digit are let go at once; never null.
create or replace temp macro has_registration_number(value) as case when length(value) > 12 then registration_in(plain_text(value)) else false end;
create or replace temp macro has_telephone(value) as case when length(value) > 8 then telephone_in(plain_text(value)) else false end;
create or replace temp macro has_email(value) as case when length(value) > 5 then regexp_matches(plain_text(value), '[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+[.][A-Za-z]{2,}') else false end;
create or replace temp macro has_card_number(value) as case when length(value) > 14 then card_in(plain_text(value)) else false end;
create or replace temp macro has_identity_document(value) as case when length(value) > 8 then document_in(plain_text(value)) else false end;
