-- table: cdm_source
-- 756265: CDM v5.4.0. A vocabulary without the row "None" names no release; the column may not be empty (CDM 5.4). The dates are those of the data, never of the clock.
insert into derived.cdm_source(cdm_source_name, cdm_source_abbreviation, cdm_holder, source_description, source_documentation_reference, cdm_etl_reference,
  source_release_date, cdm_release_date, cdm_version, cdm_version_concept_id, vocabulary_version)
with this_run as (
  select * from ledger.run order by run desc limit 1
),
last_event as (
  select max(observation_period_end_date) as day from cdm.observation_period
),
dated as (
  select this_run.*, coalesce(cast(nullif(data_date, '') as date), last_event.day, cast('1970-01-01' as date)) as day from this_run cross join last_event
)
select source_name, substring(source_name, 1, 25), source_name, null, null, mapping || ' ' || substring(mapping_hash, 1, 12), day, day, '5.4', 756265,
  coalesce(nullif(substring(vocabulary, 1, 20), ''), 'unknown')
from dated;
