-- when: duplicate_facts = earliest|latest
-- The same fact of a person on one day, told by several documents or sources, counts once. Equal means: table, person, concept, source value,
-- day and everything measured. Order: duplicate_priority of the type concept, then first or last delivered.
create table assemble.fact as
with fact as (
  select 'condition_occurrence' as tab, condition_occurrence_id as id, person_id, condition_concept_id as concept, condition_source_value as source,
    condition_start_date as day, '' as detail, condition_type_concept_id as type, provider_id as provider, visit_occurrence_id as visit,
    condition_end_date as end_date from cdm.condition_occurrence
  union all select 'drug_exposure', drug_exposure_id, person_id, drug_concept_id, drug_source_value, drug_exposure_start_date,
    coalesce(as_text(quantity), '') || '|' || coalesce(as_text(days_supply), '') || '|' || coalesce(sig, '') || '|' || coalesce(as_text(drug_exposure_end_date), ''),
    drug_type_concept_id, provider_id, visit_occurrence_id, null from cdm.drug_exposure
  union all select 'procedure_occurrence', procedure_occurrence_id, person_id, procedure_concept_id, procedure_source_value, procedure_date,
    coalesce(as_text(quantity), '') || '|' || coalesce(modifier_source_value, ''), procedure_type_concept_id, provider_id, visit_occurrence_id, null
    from cdm.procedure_occurrence
  union all select 'device_exposure', device_exposure_id, person_id, device_concept_id, device_source_value, device_exposure_start_date,
    coalesce(unique_device_id, '') || '|' || coalesce(as_text(quantity), ''), device_type_concept_id, provider_id, visit_occurrence_id, null
    from cdm.device_exposure
  union all select 'measurement', measurement_id, person_id, measurement_concept_id, measurement_source_value, measurement_date,
    coalesce(as_text(measurement_datetime), '') || '|' || coalesce(as_text(value_as_number), '') || '|' || coalesce(as_text(value_as_concept_id), '') || '|' ||
    coalesce(value_source_value, '') || '|' || coalesce(unit_source_value, ''), measurement_type_concept_id, provider_id, visit_occurrence_id, null
    from cdm.measurement
  union all select 'observation', observation_id, person_id, observation_concept_id, observation_source_value, observation_date,
    coalesce(as_text(value_as_number), '') || '|' || coalesce(value_as_string, '') || '|' || coalesce(as_text(value_as_concept_id), '') || '|' ||
    coalesce(value_source_value, ''), observation_type_concept_id, provider_id, visit_occurrence_id, null from cdm.observation
),
grouped as (
  select fact.*, count(*) over (partition by tab, person_id, concept, source, day, detail) as tellers from fact
),
ordered as (
  select grouped.*, row_number() over (partition by tab, person_id, concept, source, day, detail
    order by coalesce(p.place, 1000000), case when s.duplicate_facts = 'latest' then -id else id end) as place
  from grouped cross join assemble.settings s left join assemble.item p on p.name = 'duplicate_priority' and p.number = grouped.type
  where tellers > 1
),
placed as (
  select ordered.*,
    min(case when provider is not null then place end) over (partition by tab, person_id, concept, source, day, detail) as provider_place,
    min(case when visit is not null then place end) over (partition by tab, person_id, concept, source, day, detail) as visit_place,
    min(case when end_date is not null then place end) over (partition by tab, person_id, concept, source, day, detail) as end_place
  from ordered
)
select tab, id, place, provider, visit, end_date,
  max(case when place = 1 then id end) over (partition by tab, person_id, concept, source, day, detail) as kept_id,
  max(case when place = provider_place then provider end) over (partition by tab, person_id, concept, source, day, detail) as best_provider,
  max(case when place = visit_place then visit end) over (partition by tab, person_id, concept, source, day, detail) as best_visit,
  max(case when place = end_place then end_date end) over (partition by tab, person_id, concept, source, day, detail) as best_end
from placed;
insert into assemble.change(rule, tab, id, col, value)
select 'duplicate facts: filled', f.tab, f.id, 'provider_id', as_text(f.best_provider) from assemble.fact f cross join assemble.settings s
  where s.duplicate_empty = 'fill' and f.place = 1 and f.provider is null and f.best_provider is not null
union all select 'duplicate facts: filled', f.tab, f.id, 'visit_occurrence_id', as_text(f.best_visit) from assemble.fact f cross join assemble.settings s
  where s.duplicate_empty = 'fill' and f.place = 1 and f.visit is null and f.best_visit is not null
union all select 'duplicate facts: filled', f.tab, f.id, 'condition_end_date', as_text(f.best_end) from assemble.fact f cross join assemble.settings s
  where s.duplicate_empty = 'fill' and f.place = 1 and f.tab = 'condition_occurrence' and f.end_date is null and f.best_end is not null;
insert into assemble.removal(rule, tab, id, kept_id)
select 'duplicate facts', tab, id, kept_id from assemble.fact where place > 1;
drop table assemble.fact;
