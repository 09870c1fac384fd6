-- table: death
-- mode: replace
-- if: select count(*) - count(distinct person_id) from cdm.death
-- One death a person: the type trusted most, then the earliest (or latest) day, then one that says its cause.
insert into derived.death(person_id, death_date, death_datetime, death_type_concept_id, cause_concept_id, cause_source_value, cause_source_concept_id)
select person_id, death_date, death_datetime, death_type_concept_id, cause_concept_id, cause_source_value, cause_source_concept_id
from (
  select d.*, row_number() over (partition by d.person_id
    order by coalesce(p.place, 1000000), case when s.death_pick = 'latest' then days_between(d.death_date, safe_date(1970, 1, 1)) else
      days_between(safe_date(1970, 1, 1), d.death_date) end,
      case when coalesce(d.cause_concept_id, 0) <> 0 then 0 when d.cause_source_value is not null then 1 else 2 end, d.death_datetime, d.death_type_concept_id, d.cause_concept_id, d.cause_source_value,
      d.cause_source_concept_id) as place_of_row
  from cdm.death d cross join assemble.settings s left join assemble.item p on p.name = 'death_priority' and p.number = d.death_type_concept_id
) ordered where place_of_row = 1 order by person_id;
