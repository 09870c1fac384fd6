// MB per cpu-second of reading CDA documents, beside pugixml's parse of the same bytes: bench_readers_cda [all] FILE|FOLDER...
// "all" keeps every node, as inspect does; without it the names are those of mappings/ccda. Validation is on. pugixml checks less: see
// docs/decisions/xml-scanner.md.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include <pugixml.hpp>

#include "base/input.hpp"
#include "readers/reader.hpp"

namespace {

using namespace pyojun;

constexpr int rounds = 9;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

constexpr const char* names[] = {"ClinicalDocument",
                                 "@file",
                                 "recordTarget",
                                 "patientRole",
                                 "patient",
                                 "id",
                                 "@root",
                                 "@extension",
                                 "name",
                                 "family",
                                 "given",
                                 "birthTime",
                                 "@value",
                                 "component",
                                 "structuredBody",
                                 "section",
                                 "code",
                                 "@code",
                                 "@codeSystem",
                                 "@codeSystemName",
                                 "@displayName",
                                 "title",
                                 "text",
                                 "originalText",
                                 "translation",
                                 "entry",
                                 "act",
                                 "observation",
                                 "substanceAdministration",
                                 "procedure",
                                 "encounter",
                                 "supply",
                                 "organizer",
                                 "entryRelationship",
                                 "templateId",
                                 "statusCode",
                                 "effectiveTime",
                                 "low",
                                 "high",
                                 "center",
                                 "period",
                                 "@xsi:type",
                                 "@nullFlavor",
                                 "@negationInd",
                                 "@moodCode",
                                 "value",
                                 "@unit",
                                 "doseQuantity",
                                 "rateQuantity",
                                 "routeCode",
                                 "consumable",
                                 "manufacturedProduct",
                                 "manufacturedMaterial",
                                 "participant",
                                 "participantRole",
                                 "playingEntity",
                                 "interpretationCode",
                                 "referenceRange",
                                 "observationRange",
                                 "subject",
                                 "relatedSubject",
                                 "nonXMLBody",
                                 "@mediaType",
                                 "reference",
                                 "@typeCode",
                                 "repeatNumber",
                                 "quantity",
                                 "author",
                                 "time"};

struct Reading {
  std::uint64_t records = 0, refused = 0, nodes = 0, bytes = 0;
};

bool read_all(const std::vector<std::unique_ptr<Input>>& files, bool all, Reading& out) {
  const Dialect dialect;
  RecordBatch batch;
  for (const auto& input : files) {
    SymbolTable symbols;
    for (const char* name : names) symbols.intern(name);
    Source source;
    source.input = input.get();
    source.dialect = &dialect;
    source.needs.symbols = &symbols;
    source.needs.all = all;
    auto reader = find_format("cda")->open(source);
    if (!reader) return false;
    Chunk chunk;
    while (true) {
      const auto more = (*reader)->next(chunk, std::size_t{512} << 10);
      if (!more || !*more) break;
      (*reader)->parse(chunk, batch);
      out.records += batch.records.size();
      out.refused += batch.rejects.size();
      out.nodes += batch.nodes.size();
      out.bytes += chunk.bytes.size();
    }
  }
  return true;
}

// As the reader, from the file to the tree.
std::uint64_t parse_all(const std::vector<std::unique_ptr<Input>>& files) {
  std::uint64_t good = 0;
  for (const auto& input : files) {
    auto stream = input->open();
    if (!stream || !(*stream)->fill(static_cast<std::size_t>(input->size()))) continue;
    const auto view = (*stream)->view();
    pugi::xml_document document;
    good += static_cast<std::uint64_t>(static_cast<bool>(document.load_buffer(view.data(), view.size())));
  }
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  const bool all = argc > 1 && std::strcmp(argv[1], "all") == 0;
  auto inputs = expand_inputs(std::vector<std::string>(argv + (all ? 2 : 1), argv + argc));
  if (!inputs) return 1;
  std::vector<double> ours, theirs;
  Reading reading;
  std::uint64_t good = 0;
  for (int round = 0; round < rounds; ++round) {  // taking turns
    reading = Reading();
    double before = cpu_seconds();
    if (!read_all(inputs->files, all, reading)) return 1;
    ours.push_back(cpu_seconds() - before);
    before = cpu_seconds();
    good = parse_all(inputs->files);
    theirs.push_back(cpu_seconds() - before);
  }
  std::sort(ours.begin(), ours.end());
  std::sort(theirs.begin(), theirs.end());
  const double mb = static_cast<double>(reading.bytes) / 1e6;
  std::printf("files %zu, MB %.1f, documents %llu, refused %llu, nodes %llu\n", inputs->files.size(), mb,
              static_cast<unsigned long long>(reading.records), static_cast<unsigned long long>(reading.refused),
              static_cast<unsigned long long>(reading.nodes));
  std::printf("reader cda         best %6.0f median %6.0f MB per cpu-s\n", mb / ours.front(), mb / ours[rounds / 2]);
  std::printf("pugixml parse only best %6.0f median %6.0f MB per cpu-s, accepts %llu\n", mb / theirs.front(), mb / theirs[rounds / 2],
              static_cast<unsigned long long>(good));
  std::printf("ratio of medians   %.2f\n", theirs[rounds / 2] / ours[rounds / 2]);
  return 0;
}
