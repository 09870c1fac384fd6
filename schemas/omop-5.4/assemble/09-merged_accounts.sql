-- if: select count(*) from cdm.move
-- Visits that have no number of their own are their account and first day: those of accounts that were merged (HL7 v2 A41, A49) are one visit
-- when they begin on one day. The first stays.
insert into assemble.removal(rule, tab, id, kept_id)
with visit as (
  select distinct v.visit_occurrence_id as id, f.account_id, v.person_id, v.visit_start_date
  from cdm.visit_occurrence v join origin o on o.tab = 'visit_occurrence' and o.id = v.visit_occurrence_id
  join origin told on told.tab = 'filing' and told.file = o.file and told.record = o.record
  join cdm.filing f on f.filing_id = told.id and f.account_id is not null and f.visit_id is null
  where v.visit_source_value is null
),
placed as (
  select id, min(id) over (partition by account_id, person_id, visit_start_date) as kept_id from visit
)
select 'visits of merged accounts', 'visit_occurrence', id, min(kept_id) from placed where id <> kept_id group by id;
