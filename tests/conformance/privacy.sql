-- Cases of privacy: see criteria.py.
-- base
update observation set value_as_string = 'x';
update specimen set specimen_source_id = 'x';
update location set address_1 = 'x';
update provider set provider_name = 'x';
update death set cause_source_value = 'x';
update note set note_text = '';
update location set address_1 = 'x';
-- pass: P-02-number
update person set person_source_value = null;
-- fail: P-02-number
update person set person_source_value = 'P1' where person_id = 1;
-- pass: P-02-provider, P-02-provider-name
update provider set provider_source_value = null, provider_name = null;
-- fail: P-02-provider, P-02-provider-name
update provider set provider_name = 'x';
-- pass: P-03-address
update location set address_1 = null, zip = null;
-- fail: P-03-address
update location set zip = '03080';
-- fail: P-01-rrn-{table}-{field} for texts.csv
update {table} set {field} = 'born 800229-1000000';
-- fail: P-01-phone-{table}-{field} for texts.csv
update {table} set {field} = '010-0000-0000';
-- fail: P-01-email-{table}-{field} for texts.csv
update {table} set {field} = 'nobody@example.org';
-- fail: P-01-card-{table}-{field} for texts.csv
update {table} set {field} = '0000-0000-0000-0000';
-- fail: P-01-document-{table}-{field} for texts.csv:documents
update {table} set {field} = 'M123A4567';
-- pass: P-01-rrn-drug_exposure-drug_source_value
update drug_exposure set drug_source_value = '8800621000007';
-- fail: P-04-hash
update person set person_source_value = 'd41d8cd98f00b204e9800998ecf8427e' where person_id = 1;
-- fail: P-04-surrogate
update person set person_source_value = '1' where person_id = 1;
-- pass: P-05-k
update person set gender_concept_id = 8507, year_of_birth = 1950;
-- fail: P-05-k
update person set gender_concept_id = 8507, year_of_birth = 1950;
update visit_occurrence set visit_start_date = date '2023-04-01' where person_id < 4;
-- pass: P-05-l
update person set gender_concept_id = 8507, year_of_birth = 1950;
update condition_occurrence set condition_concept_id = 320128 where person_id = 1;
-- fail: P-05-l
update condition_occurrence set condition_concept_id = 201826;
-- pass: P-06-birth
update person set day_of_birth = null, birth_datetime = null;
-- fail: P-06-birth
update person set day_of_birth = 1;
-- fail: P-06-age
update person set year_of_birth = 1930;
-- fail: P-07
update note set note_text = 'x';
-- fail: P-08
update observation set value_as_string = repeat('word ', 9);
-- fail: P-09
update condition_occurrence set condition_source_value = 'F32.0' where person_id = 1;
