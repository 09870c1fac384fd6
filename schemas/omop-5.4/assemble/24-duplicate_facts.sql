-- when: duplicate_facts = earliest|latest
-- The same fact of a person on one day, told by several documents or sources, counts once. Equal means: table, person, concept, source value,
-- day, time of day where one is told, and everything measured. Order: duplicate_priority of the type concept, then first or last delivered.
create table assemble.fact as
with fact as (
  select 'condition_occurrence' as tab, condition_occurrence_id as id, person_id, condition_concept_id as concept, condition_source_value as source,
    condition_start_date as day, '' as detail, condition_type_concept_id as type, provider_id as provider, visit_occurrence_id as visit,
    condition_end_date as end_date, condition_end_datetime as end_time from cdm.condition_occurrence
  union all select 'drug_exposure', drug_exposure_id, person_id, drug_concept_id, drug_source_value, drug_exposure_start_date,
    coalesce(as_text(quantity), '') || '|' || coalesce(as_text(days_supply), '') || '|' || coalesce(sig, '') || '|' || coalesce(as_text(drug_exposure_end_date), '') || '|' ||
    coalesce(as_text(nullif(drug_exposure_start_datetime, as_time(drug_exposure_start_date))), ''),
    drug_type_concept_id, provider_id, visit_occurrence_id, null, null from cdm.drug_exposure
  union all select 'procedure_occurrence', procedure_occurrence_id, person_id, procedure_concept_id, procedure_source_value, procedure_date,
    coalesce(as_text(quantity), '') || '|' || coalesce(modifier_source_value, '') || '|' ||
    coalesce(as_text(nullif(procedure_datetime, as_time(procedure_date))), ''), procedure_type_concept_id, provider_id, visit_occurrence_id, null, null
    from cdm.procedure_occurrence
  union all select 'device_exposure', device_exposure_id, person_id, device_concept_id, device_source_value, device_exposure_start_date,
    coalesce(unique_device_id, '') || '|' || coalesce(as_text(quantity), ''), device_type_concept_id, provider_id, visit_occurrence_id, null, null
    from cdm.device_exposure
  union all select 'measurement', measurement_id, person_id, measurement_concept_id, measurement_source_value, measurement_date,
    coalesce(as_text(measurement_datetime), '') || '|' || coalesce(as_text(value_as_number), '') || '|' || coalesce(as_text(value_as_concept_id), '') || '|' ||
    coalesce(value_source_value, '') || '|' || coalesce(unit_source_value, ''), measurement_type_concept_id, provider_id, visit_occurrence_id, null, null
    from cdm.measurement
  union all select 'observation', observation_id, person_id, observation_concept_id, observation_source_value, observation_date,
    coalesce(as_text(value_as_number), '') || '|' || coalesce(value_as_string, '') || '|' || coalesce(as_text(value_as_concept_id), '') || '|' ||
    coalesce(value_source_value, '') || '|' || coalesce(as_text(nullif(observation_datetime, as_time(observation_date))), ''), observation_type_concept_id,
    provider_id, visit_occurrence_id, null, null from cdm.observation
),
grouped as (
  select fact.*, count(*) over (partition by tab, person_id, concept, source, day, detail) as tellers from fact
),
ordered as (
  select grouped.*, s.duplicate_provider, s.duplicate_visit, s.duplicate_end, s.duplicate_empty,
    row_number() over (partition by tab, person_id, concept, source, day, detail
      order by coalesce(p.place, 1000000), case when s.duplicate_facts = 'latest' then -id else id end) as place
  from grouped cross join assemble.settings s left join assemble.item p on p.name = 'duplicate_priority' and p.number = grouped.type
  where tellers > 1
),
ranked as (
  select ordered.*,
    case when provider is not null then case duplicate_provider when 'earliest' then id when 'latest' then -id else place end end as provider_rank,
    case when visit is not null then case duplicate_visit when 'earliest' then id when 'latest' then -id else place end end as visit_rank,
    case when end_date is not null then case duplicate_end when 'earliest' then id when 'latest' then -id else place end end as end_rank
  from ordered
),
placed as (
  select ranked.*, min(provider_rank) over (partition by tab, person_id, concept, source, day, detail) as best_provider_rank, min(visit_rank) over (partition by tab, person_id, concept, source, day, detail) as best_visit_rank,
    min(end_rank) over (partition by tab, person_id, concept, source, day, detail) as best_end_rank
  from ranked
)
select tab, id, place, provider, visit, end_date, end_time, duplicate_provider, duplicate_visit, duplicate_end, duplicate_empty,
  max(case when place = 1 then id end) over (partition by tab, person_id, concept, source, day, detail) as kept_id,
  max(case when provider_rank = best_provider_rank then provider end) over (partition by tab, person_id, concept, source, day, detail) as best_provider,
  max(case when visit_rank = best_visit_rank then visit end) over (partition by tab, person_id, concept, source, day, detail) as best_visit,
  max(case when end_rank = best_end_rank then end_date end) over (partition by tab, person_id, concept, source, day, detail) as best_end,
  max(case when end_rank = best_end_rank then end_time end) over (partition by tab, person_id, concept, source, day, detail) as best_end_time
from placed;
-- What the fact that stays lacks is filled; a column with a rule of its own takes the value of the fact that rule names.
insert into assemble.change(rule, tab, id, col, value)
select 'duplicate facts: filled', tab, id, 'provider_id', as_text(best_provider) from assemble.fact
  where place = 1 and provider is null and best_provider is not null and (duplicate_empty = 'fill' or duplicate_provider <> 'stays')
union all select 'duplicate facts: filled', tab, id, 'visit_occurrence_id', as_text(best_visit) from assemble.fact
  where place = 1 and visit is null and best_visit is not null and (duplicate_empty = 'fill' or duplicate_visit <> 'stays')
union all select 'duplicate facts: filled', tab, id, 'condition_end_date', as_text(best_end) from assemble.fact
  where place = 1 and tab = 'condition_occurrence' and end_date is null and best_end is not null
    and (duplicate_empty = 'fill' or duplicate_end <> 'stays')
union all select 'duplicate facts: filled', tab, id, 'condition_end_datetime', as_text(best_end_time) from assemble.fact
  where place = 1 and tab = 'condition_occurrence' and end_date is null and best_end is not null and best_end_time is not null
    and (duplicate_empty = 'fill' or duplicate_end <> 'stays')
union all select 'duplicate facts: by column', tab, id, 'provider_id', as_text(best_provider) from assemble.fact
  where place = 1 and duplicate_provider <> 'stays' and best_provider <> provider
union all select 'duplicate facts: by column', tab, id, 'visit_occurrence_id', as_text(best_visit) from assemble.fact
  where place = 1 and duplicate_visit <> 'stays' and best_visit <> visit
union all select 'duplicate facts: by column', tab, id, 'condition_end_date', as_text(best_end) from assemble.fact
  where place = 1 and tab = 'condition_occurrence' and duplicate_end <> 'stays' and best_end <> end_date
union all select 'duplicate facts: by column', tab, id, 'condition_end_datetime', as_text(best_end_time) from assemble.fact
  where place = 1 and tab = 'condition_occurrence' and duplicate_end <> 'stays' and best_end <> end_date
    and (end_time is not null or best_end_time is not null);
insert into assemble.removal(rule, tab, id, kept_id)
select 'duplicate facts', tab, id, kept_id from assemble.fact where place > 1;
drop table assemble.fact;
