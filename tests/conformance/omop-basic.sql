-- fail: person-there
delete from person;
-- fail: table-{table} for events.csv
drop table {table};
-- fail: source-described
delete from cdm_source;
-- fail: vocabulary-version
update cdm_source set vocabulary_version = null;
-- fail: person-unique
insert into person select * from person where person_id = 1;
-- fail: gender-known
update person set gender_concept_id = 0 where person_id = 1;
-- fail: birth-year
update person set year_of_birth = null where person_id = 1;
-- fail: birth-year-low
update person set year_of_birth = 1849 where person_id = 1;
-- fail: birth-year-high
update person set year_of_birth = 2027 where person_id = 1;
-- fail: birth-agrees
update person set year_of_birth = year_of_birth + 1 where person_id = 1;
-- fail: period-per-person
delete from observation_period where person_id = 1;
-- fail: period-overlap
insert into observation_period values (99, 1, date '2026-01-01', date '2026-01-02', 32817);
-- fail: death-once
insert into death select * from death;
-- fail: period-order
update observation_period set observation_period_end_date = date '2019-12-31' where person_id = 1;
-- fail: visit-order
update visit_occurrence set visit_end_date = date '2023-02-28' where person_id = 2;
-- fail: drug-order
update drug_exposure set drug_exposure_end_date = date '2023-02-28' where person_id = 2;
-- fail: {table}-not-future for events.csv:date
update {table} set {date} = date '2026-01-17' where person_id = 2;
-- fail: {table}-after-birth for events.csv:date
update {table} set {date} = date '1952-02-09' where person_id = 2;
-- fail: {table}-before-death for events.csv:date
update {table} set {date} = date '2024-08-01' where person_id = 6;
-- fail: {table}-in-period for events.csv:in_period
update {table} set {date} = date '2019-12-31' where person_id = 2;
-- fail: {table}-mapped for events.csv:source
update {table} set {concept} = 0;
-- fail: {table}-standard for events.csv:concept
update concept set standard_concept = null where concept_id in (select {concept} from {table});
-- fail: {table}-domain for events.csv:domain
update {table} set {concept} = 8507 where person_id = 2;
-- fail: {table}-person for events.csv
update {table} set person_id = 99 where person_id = 2;
-- fail: {table}-visit for events.csv:in_visit
update {table} set visit_occurrence_id = 99 where person_id = 2;
-- fail: {table}-in-visit for events.csv:in_visit
update {table} set {date} = date '2023-03-20' where person_id = 2;
-- fail: measurement-unit
update measurement set unit_concept_id = null;
-- fail: measurement-value
update measurement set value_as_number = null, value_source_value = null;
-- fail: drug-days
update drug_exposure set days_supply = 366 where person_id = 2;
-- fail: books-balance
update ledger.balance set mapped = mapped - 1 where file = 0;
-- fail: quarantine
update ledger.balance set quarantined = 30, mapped = mapped - 30;
