// Makes benchmark inputs of any size: Synthea-like CSV (UTF-8 or CP949), FHIR NDJSON, an Athena-like vocabulary. Patient i depends on i
// only. Usage: generate csv DIR PATIENTS [korean] | fhir DIR PATIENTS | vocabulary DIR CONCEPTS RELATIONSHIPS
#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

namespace {

struct Random {
  std::uint64_t state;
  explicit Random(std::uint64_t seed) : state(seed * 0x9E3779B97F4A7C15ULL + 0x1234567) { next(); }
  std::uint64_t next() {
    state += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = state;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31U);
  }
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>((next() >> 32U) * n >> 32U); }
  std::string uuid() {
    const std::uint64_t a = next(), b = next();
    return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", a >> 32U, (a >> 16U) & 0xFFFFU, a & 0xFFFFU, b >> 48U, b & 0xFFFFFFFFFFFFULL);
  }
};

class Out {
 public:
  Out(const std::filesystem::path& path, std::string_view header) : file_(std::fopen(path.c_str(), "wb")) {
    if (file_ == nullptr) {
      std::perror(path.c_str());
      std::exit(1);
    }
    text_ = header;
  }
  ~Out() {
    flush();
    std::fclose(file_);
  }
  Out(const Out&) = delete;
  Out& operator=(const Out&) = delete;
  template <class... A>
  void line(fmt::format_string<A...> form, A&&... arguments) {
    fmt::format_to(std::back_inserter(text_), form, std::forward<A>(arguments)...);
    text_ += '\n';
    if (text_.size() > (4U << 20U)) flush();
  }

 private:
  void flush() {
    if (std::fwrite(text_.data(), 1, text_.size(), file_) != text_.size()) std::exit(1);
    text_.clear();
  }
  std::FILE* file_;
  std::string text_;
};

struct Moment {
  std::uint32_t year, month, day, hour, minute, second;
  std::string date() const { return fmt::format("{:04}-{:02}-{:02}", year, month, day); }
  std::string iso() const { return fmt::format("{}T{:02}:{:02}:{:02}Z", date(), hour, minute, second); }
};

Moment moment(Random& random) {
  return {2010 + random.below(14), 1 + random.below(12), 1 + random.below(28), random.below(24), random.below(60), random.below(60)};
}

// Codes of the generated vocabulary: n-th code of each system.
std::string code(std::string_view system, std::uint32_t n) {
  if (system == "LOINC") return fmt::format("{}-{}", 1000 + n, n % 10);
  return fmt::format("{}", 100'000'000ULL + 7919ULL * n);
}

constexpr std::array korean_words{"\xEA\xB0\x90\xEA\xB8\xB0", "\xEB\x8B\xB9\xEB\x87\xA8\xEB\xB3\x91",
                                  "\xEA\xB3\xA0\xED\x98\x88\xEC\x95\x95", "\xED\x98\x88\xEC\x95\xA1\xEA\xB2\x80\xEC\x82\xAC"};

void csv(const std::filesystem::path& dir, std::uint32_t patients, bool korean) {
  std::filesystem::create_directories(dir);
  Out patient(dir / "patients.csv", "Id,BIRTHDATE,DEATHDATE,SSN,FIRST,LAST,RACE,ETHNICITY,GENDER,CITY,STATE,ZIP\n");
  Out encounter(dir / "encounters.csv",
                "Id,START,STOP,PATIENT,ORGANIZATION,PROVIDER,PAYER,ENCOUNTERCLASS,CODE,DESCRIPTION,BASE_ENCOUNTER_COST,TOTAL_CLAIM_COST,"
                "PAYER_COVERAGE,REASONCODE,REASONDESCRIPTION\n");
  Out condition(dir / "conditions.csv", "START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION\n");
  Out observation(dir / "observations.csv", "DATE,PATIENT,ENCOUNTER,CATEGORY,CODE,DESCRIPTION,VALUE,UNITS,TYPE\n");
  Out medication(
      dir / "medications.csv",
      "START,STOP,PATIENT,PAYER,ENCOUNTER,CODE,DESCRIPTION,BASE_COST,PAYER_COVERAGE,DISPENSES,TOTALCOST,REASONCODE,REASONDESCRIPTION\n");
  for (std::uint32_t i = 0; i < patients; ++i) {
    Random random(i + 1);
    const std::string id = random.uuid();
    const char* word = korean ? korean_words[i % 4] : "Description of it (finding)";
    patient.line("{},{:04}-{:02}-{:02},,999-99-9999,First,Last,white,nonhispanic,{},City,Massachusetts,02138", id, 1930 + random.below(80),
                 1 + random.below(12), 1 + random.below(28), random.below(2) == 0 ? "M" : "F");
    for (std::uint32_t e = 0, n = 20 + random.below(60); e < n; ++e) {
      const std::string visit = random.uuid();
      const Moment at = moment(random);
      encounter.line("{},{},{},{},org-{},prov-{},pay-1,ambulatory,{},{},129.16,{}.05,0.00,,", visit, at.iso(), at.iso(), id,
                     random.below(60), random.below(160), code("SNOMED", random.below(50)), word, random.below(3000));
      if (random.below(3) != 0) condition.line("{},,{},{},{},{}", at.date(), id, visit, code("SNOMED", random.below(300)), word);
      if (random.below(2) != 0) {
        medication.line("{},,{},pay-1,{},{},{},7.24,0.00,{},1259.76,,", at.iso(), id, visit, code("RxNorm", random.below(150)), word,
                        1 + random.below(12));
      }
      for (std::uint32_t o = 0, many = 4 + random.below(9); o < many; ++o) {
        observation.line("{},{},{},vital-signs,{},{},{}.{},{},numeric", at.iso(), id, visit, code("LOINC", random.below(200)), word,
                         random.below(300), random.below(10), o % 2 == 0 ? "cm" : "mg/dL");
      }
    }
  }
}

void fhir(const std::filesystem::path& dir, std::uint32_t patients) {
  std::filesystem::create_directories(dir);
  Out patient(dir / "Patient.000.ndjson", ""), encounter(dir / "Encounter.000.ndjson", ""), observation(dir / "Observation.000.ndjson", "");
  for (std::uint32_t i = 0; i < patients; ++i) {
    Random random(i + 1);
    const std::string id = random.uuid();
    patient.line(R"({{"resourceType":"Patient","id":"{}","gender":"{}","birthDate":"{}-05-06"}})", id,
                 random.below(2) == 0 ? "male" : "female", 1930 + random.below(80));
    for (std::uint32_t e = 0, n = 20 + random.below(60); e < n; ++e) {
      const std::string visit = random.uuid();
      const Moment at = moment(random);
      encounter.line(
          R"({{"resourceType":"Encounter","id":"{}","status":"finished","class":{{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB"}},"subject":{{"reference":"Patient/{}"}},"period":{{"start":"{}","end":"{}"}}}})",
          visit, id, at.iso(), at.iso());
      for (std::uint32_t o = 0, many = 4 + random.below(9); o < many; ++o) {
        observation.line(
            R"({{"resourceType":"Observation","id":"{}","meta":{{"profile":["http://hl7.org/fhir/us/core/StructureDefinition/us-core-observation-lab"]}},"status":"final","category":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory","display":"Laboratory"}}]}}],"code":{{"coding":[{{"system":"http://loinc.org","code":"{}","display":"A laboratory test"}}],"text":"A laboratory test"}},"subject":{{"reference":"Patient/{}"}},"encounter":{{"reference":"Encounter/{}"}},"effectiveDateTime":"{}","issued":"{}","valueQuantity":{{"value":{}.{},"unit":"mg/dL","system":"http://unitsofmeasure.org","code":"mg/dL"}}}})",
            random.uuid(), code("LOINC", random.below(200)), id, visit, at.iso(), at.iso(), random.below(300), random.below(10));
      }
    }
  }
}

void vocabulary(const std::filesystem::path& dir, std::uint32_t concepts, std::uint32_t relationships) {
  std::filesystem::create_directories(dir);
  Out concept_file(dir / "CONCEPT.csv",
                   "concept_id\tconcept_name\tdomain_id\tvocabulary_id\tconcept_class_id\tstandard_concept\tconcept_code\tvalid_start_"
                   "date\tvalid_end_date\tinvalid_reason\n");
  Out relation(dir / "CONCEPT_RELATIONSHIP.csv",
               "concept_id_1\tconcept_id_2\trelationship_id\tvalid_start_date\tvalid_end_date\tinvalid_reason\n");
  constexpr std::array<std::array<const char*, 3>, 3> systems{
      {{"SNOMED", "Condition", "Clinical Finding"}, {"LOINC", "Measurement", "Lab Test"}, {"RxNorm", "Drug", "Clinical Drug"}}};
  for (std::uint32_t i = 0; i < concepts; ++i) {
    const auto& system = systems[i % 3];
    concept_file.line("{}\tConcept number {}\t{}\t{}\t{}\tS\t{}\t19700101\t20991231\t", i + 1, i, system[1], system[0], system[2],
                      code(system[0], i / 3));
  }
  Random random(1);
  for (std::uint32_t i = 0; i < relationships; ++i) {
    const std::uint32_t from = i < concepts ? i + 1 : 1 + random.below(concepts);
    const bool maps = i < concepts;
    relation.line("{}\t{}\t{}\t19700101\t20991231\t", from, maps ? from : 1 + random.below(concepts), maps ? "Maps to" : "Subsumes");
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 3 ? argv[1] : "";
  const auto number = [&](int i) { return static_cast<std::uint32_t>(std::strtoul(argv[i], nullptr, 10)); };
  if (what == "csv") {
    csv(argv[2], number(3), argc > 4 && std::string_view(argv[4]) == "korean");
  } else if (what == "fhir") {
    fhir(argv[2], number(3));
  } else if (what == "vocabulary" && argc > 4) {
    vocabulary(argv[2], number(3), number(4));
  } else {
    std::fputs("usage: generate csv DIR PATIENTS [korean] | fhir DIR PATIENTS | vocabulary DIR CONCEPTS RELATIONSHIPS\n", stderr);
    return 2;
  }
  return 0;
}
