-- DuckDB's spelling of the few words the other files use. Other engines have a prelude of their own beside this one.
create or replace temp macro add_days(day, days) as (day + days)::date;
create or replace temp macro days_between(earlier, later) as (later - earlier)::integer;
-- Null when there is no such day.
create or replace temp macro safe_date(y, m, d) as try_cast(printf('%04d-%02d-%02d', y, m, d) as date);
create or replace temp macro as_text(value) as cast(value as varchar);
create or replace temp macro as_time(day) as cast(day as timestamp);
-- Days of events, already folded to a few rows a person: events of one person at most 180 days apart may be one span (which is why
-- period_gap_days begins at 180). An engine without part_spans selects person_id, start and the later of start and end from the same tables.
create or replace temp view event_span as
  select person_id, first_date, last_date from part_spans('visit_occurrence visit_start_date visit_end_date,
    visit_detail visit_detail_start_date visit_detail_end_date,
    condition_occurrence condition_start_date condition_start_date,
    drug_exposure drug_exposure_start_date drug_exposure_start_date,
    procedure_occurrence procedure_date procedure_date,
    device_exposure device_exposure_start_date device_exposure_start_date,
    measurement measurement_date measurement_date,
    observation observation_date observation_date,
    note note_date note_date,
    specimen specimen_date specimen_date,
    death death_date death_date');
create or replace temp view last_event as select max(last_date) as day from event_span;
-- The delivered record each row came from: file and record as the quarantine numbers them. Engines that do not know have none.
create or replace temp view origin as
  select 'filing' as tab, id, file, record from part_provenance('filing')
  union all select 'visit_occurrence' as tab, id, file, record from part_provenance('visit_occurrence')
  union all select 'visit_detail' as tab, id, file, record from part_provenance('visit_detail')
  union all select 'condition_occurrence' as tab, id, file, record from part_provenance('condition_occurrence')
  union all select 'drug_exposure' as tab, id, file, record from part_provenance('drug_exposure')
  union all select 'procedure_occurrence' as tab, id, file, record from part_provenance('procedure_occurrence')
  union all select 'device_exposure' as tab, id, file, record from part_provenance('device_exposure')
  union all select 'measurement' as tab, id, file, record from part_provenance('measurement')
  union all select 'observation' as tab, id, file, record from part_provenance('observation')
  union all select 'note' as tab, id, file, record from part_provenance('note')
  union all select 'specimen' as tab, id, file, record from part_provenance('specimen')
  union all select 'payer_plan_period' as tab, id, file, record from part_provenance('payer_plan_period');
