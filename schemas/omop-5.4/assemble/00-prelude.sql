-- DuckDB's spelling of the few words the other files use; other engines get a prelude of their own.
create or replace temp macro add_days(day, days) as (day + days)::date;
-- Null when there is no such day.
create or replace temp macro safe_date(y, m, d) as try_cast(printf('%04d-%02d-%02d', y, m, d) as date);
-- Days of events, already folded to a few rows a person. An engine without part_spans selects person_id, start and the later of start and end
-- from the same tables.
create or replace temp view event_span as
  select person_id, first_date, last_date from part_spans('visit_occurrence', 'visit_start_date', 'visit_end_date')
  union all select person_id, first_date, last_date from part_spans('visit_detail', 'visit_detail_start_date', 'visit_detail_end_date')
  union all select person_id, first_date, last_date from part_spans('condition_occurrence', 'condition_start_date', 'condition_start_date')
  union all select person_id, first_date, last_date from part_spans('drug_exposure', 'drug_exposure_start_date', 'drug_exposure_start_date')
  union all select person_id, first_date, last_date from part_spans('procedure_occurrence', 'procedure_date', 'procedure_date')
  union all select person_id, first_date, last_date from part_spans('device_exposure', 'device_exposure_start_date', 'device_exposure_start_date')
  union all select person_id, first_date, last_date from part_spans('measurement', 'measurement_date', 'measurement_date')
  union all select person_id, first_date, last_date from part_spans('observation', 'observation_date', 'observation_date')
  union all select person_id, first_date, last_date from part_spans('note', 'note_date', 'note_date')
  union all select person_id, first_date, last_date from part_spans('specimen', 'specimen_date', 'specimen_date')
  union all select person_id, first_date, last_date from part_spans('death', 'death_date', 'death_date');
