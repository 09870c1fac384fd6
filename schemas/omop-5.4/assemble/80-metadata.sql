-- table: metadata
-- What made this CDM: mapping, vocabulary, program, rules. No wall-clock time, so that equal inputs give equal rows.
insert into derived.metadata(metadata_id, metadata_concept_id, metadata_type_concept_id, name, value_as_string, value_as_concept_id, value_as_number,
  metadata_date, metadata_datetime)
with this_run as (
  select * from ledger.run order by run desc limit 1
),
fact as (
  select 1 as place, 'mapping' as name, mapping as text from this_run
  union all select 2, 'mapping sha256', mapping_hash from this_run
  union all select 3, 'vocabulary', vocabulary from this_run
  union all select 4, 'vocabulary sha256', vocabulary_hash from this_run
  union all select 5, 'program', program from this_run
  union all select 6, 'run identity', identity from this_run
  union all select 10 + place, 'assemble ' || name, value from assemble.setting
  union all select 1000 + rule, 'mapping rule', name from ledger.rule
)
select row_number() over (order by place), 0, 32880, name, text, null, null, null, null from fact where text <> '' order by place;
