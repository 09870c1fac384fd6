// Nanoseconds per candidate for mapping flat records: a rule of 12 assignments with one code, three references and two dates.
#include <chrono>
#include <cstdio>

#define DOCTEST_CONFIG_DISABLE
#include "../unit/mapping/kit.hpp"

int main() {
  using namespace pyojun;
  constexpr std::string_view rules = R"(mapping bench
cdm omop-5.4
rule observation
from observations
where CODE != ""
into stem default Measurement
key PATIENT, ENCOUNTER, DATE, CODE, N
person := person(PATIENT)
visit := visit_occurrence(ENCOUNTER)
provider := provider(PROVIDER)
code := code("LOINC", CODE)
start := datetime(DATE)
end := date(DATE)
value := value(VALUE)
unit := unit(UNITS)
type := 32827
qualifier := concept("none", "Gender")
sig := TYPE
status := 0
)";
  auto vocabulary = std::make_shared<kit::FakeVocabulary>();
  auto schema = Schema::load();
  CompileOptions options;
  options.schema = &*schema;
  options.vocabulary = vocabulary;
  const Compiled compiled = mapping::compile_parsed(parse_text(rules), options);
  if (!compiled.plan) {
    for (const auto& d : compiled.diagnostics)
      std::fprintf(stderr, "%u:%u %s %s\n", d.line, d.column, std::string(info(d.code).id).c_str(), d.subject.c_str());
    return 1;
  }
  std::string text = "DATE,PATIENT,ENCOUNTER,PROVIDER,CODE,VALUE,UNITS,TYPE,N\n";
  for (int i = 0; i < 4000; ++i) {
    text += fmt::format(
        "20{:02}-{:02}-{:02}T{:02}:05:09Z,{:08x}-64b5-96b8-5d9e-e8d8f2bb5a2b,{:08x}-d0a9-0e5e-9c4c-b0f0c1b5f3aa,{:08x}-0000-1111-2222-"
        "333344445555,{},{}.{},mg/dL,numeric,{}\n",
        i % 24, i % 12 + 1, i % 28 + 1, i % 24, i / 100, i / 10, i % 97,
        i % 3 == 0   ? "718-7"
        : i % 3 == 1 ? "8302-2"
                     : "2339-0",
        i % 200, i % 10, i);
  }
  RecordBatch batch;
  kit::flat(text, "observations", compiled.plan->symbols(), batch);
  auto mapper = make_mapper(compiled.plan, vocabulary);
  MappedBatch out;
  double best = 1e9;
  for (int round = 0; round < 300; ++round) {
    const auto start = std::chrono::steady_clock::now();
    mapper->map(batch, out);
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
    best = std::min(best, took.count() / static_cast<double>(batch.records.size()));
  }
  std::printf("%.0f ns per candidate, %llu mapped, %llu quarantined\n", best, static_cast<unsigned long long>(out.tallies[0].mapped),
              static_cast<unsigned long long>(out.tallies[0].quarantined));
  return 0;
}
