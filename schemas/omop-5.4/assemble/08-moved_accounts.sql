-- if: select count(*) from cdm.move
-- Accounts and visits that were found under the wrong person and moved (HL7 v2 chapter 3: A44, A45): what earlier messages told under them
-- belongs to the person they were moved to. "Earlier" is by the messages' own clocks, in whatever order and night they came. cdm.filing says
-- which record told of which person under which account and visit number, cdm.move what was moved; `origin` which record a row came from.
create table assemble.filed as
select f.filing_id, o.file, o.record, f.person_id, f.account_id, f.visit_id,
  coalesce(f.filed_datetime, as_time(f.filed_date), as_time(safe_date(1, 1, 1))) as filed
from cdm.filing f join origin o on o.tab = 'filing' and o.id = f.filing_id;
create table assemble.relocation as
select move_id, person_id, from_person_id, coalesce(from_named, 0) as from_named, account_id, visit_id,
  coalesce(moved_datetime, as_time(moved_date), as_time(safe_date(1, 1, 1))) as moved
from cdm.move;
-- Of moves at one instant the one from the person another moves to comes after that one; then one that names the person it is
-- told of decides.
create table assemble.followed as
select m.move_id, max(case when b.move_id is null then 0 else 1 end) as behind
from assemble.relocation m left join assemble.relocation b on b.moved = m.moved and b.move_id <> m.move_id and m.from_named = 1
  and b.person_id = m.from_person_id and (b.visit_id = m.visit_id or (b.visit_id is null and m.visit_id is null and b.account_id = m.account_id))
group by m.move_id;
-- A visit number stands in the account it was last told under.
create table assemble.placed as
select visit_id, account_id, filed as since, lead(filed) over (partition by visit_id order by filed, filing_id) as until
from assemble.filed where visit_id is not null and account_id is not null;
create table assemble.moved as
with applied as (
  select f.filing_id, m.move_id from assemble.filed f join assemble.relocation m on m.visit_id = f.visit_id and m.moved >= f.filed
  union select f.filing_id, m.move_id from assemble.filed f join assemble.relocation m on m.account_id = f.account_id and m.visit_id is null
    and m.moved >= f.filed where f.visit_id is null
  union select f.filing_id, m.move_id from assemble.relocation m join assemble.placed p on p.account_id = m.account_id and m.visit_id is null
    and p.since <= m.moved and (p.until is null or p.until > m.moved)
    join assemble.filed f on f.visit_id = p.visit_id and f.filed <= m.moved
),
-- The last move decides; it concerns whom one of the moves took the account or visit from.
judged as (
  select a.filing_id, m.person_id as new_person_id, row_number() over (partition by a.filing_id order by m.moved desc, b.behind desc,
    case when m.from_named = 1 and m.from_person_id = f.person_id then 0 else 1 end, m.move_id desc) as place,
    max(case when m.from_named = 0 or m.from_person_id = f.person_id then 1 else 0 end) over (partition by a.filing_id) as concerned
  from applied a join assemble.relocation m on m.move_id = a.move_id join assemble.followed b on b.move_id = m.move_id
  join assemble.filed f on f.filing_id = a.filing_id
),
decided as (
  select f.file, f.record, f.person_id, f.visit_id, case when j.concerned = 1 then j.new_person_id else f.person_id end as new_person_id
  from assemble.filed f left join judged j on j.filing_id = f.filing_id and j.place = 1
),
-- A record that tells of several visits of a person, not all of which moved: there a row follows its own visit only.
compared as (
  select decided.*, min(new_person_id) over (partition by file, record, person_id) as least,
    max(new_person_id) over (partition by file, record, person_id) as most
  from decided
)
select distinct c.file, c.record, c.person_id, c.new_person_id, case when c.least <> c.most then v.folder_source_value end as visit
from compared c left join cdm.folder v on v.folder_id = c.visit_id
where c.new_person_id <> c.person_id;
insert into assemble.change(rule, tab, id, col, value)
select distinct 'events of moved accounts and visits', e.tab, e.id, 'person_id', as_text(m.new_person_id)
from assemble.moved m join origin o on o.file = m.file and o.record = m.record
join (
  select 'visit_occurrence' as tab, visit_occurrence_id as id, person_id, visit_occurrence_id as visit_occurrence_id from cdm.visit_occurrence
  union all select 'visit_detail', visit_detail_id, person_id, visit_occurrence_id from cdm.visit_detail
  union all select 'condition_occurrence', condition_occurrence_id, person_id, visit_occurrence_id from cdm.condition_occurrence
  union all select 'drug_exposure', drug_exposure_id, person_id, visit_occurrence_id from cdm.drug_exposure
  union all select 'procedure_occurrence', procedure_occurrence_id, person_id, visit_occurrence_id from cdm.procedure_occurrence
  union all select 'device_exposure', device_exposure_id, person_id, visit_occurrence_id from cdm.device_exposure
  union all select 'measurement', measurement_id, person_id, visit_occurrence_id from cdm.measurement
  union all select 'observation', observation_id, person_id, visit_occurrence_id from cdm.observation
  union all select 'note', note_id, person_id, visit_occurrence_id from cdm.note
  union all select 'specimen', specimen_id, person_id, cast(null as integer) from cdm.specimen
  union all select 'payer_plan_period', payer_plan_period_id, person_id, cast(null as integer) from cdm.payer_plan_period
) e on e.tab = o.tab and e.id = o.id and e.person_id = m.person_id
left join cdm.visit_occurrence v on v.visit_occurrence_id = e.visit_occurrence_id
where m.visit is null or m.visit = v.visit_source_value;
drop table assemble.moved;
drop table assemble.placed;
drop table assemble.followed;
drop table assemble.relocation;
drop table assemble.filed;
