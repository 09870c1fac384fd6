// Measures a vocabulary snapshot: build, open, cold lookups. usage: bench_vocabulary ATHENA_DIR|- SNAPSHOT [threads] [nosql|sql|export]
// cpu is user + system time of this process. Build: g++ with the pyojun_vocabulary library, see docs/vocabulary.md.
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "vocabulary/vocabulary.hpp"

using namespace pyojun;

namespace {

double cpu() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

double wall() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

struct Watch {
  double c = cpu(), w = wall();
  std::string text() const { return fmt::format("{:.3f} cpu-s, {:.3f} s wall", cpu() - c, wall() - w); }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  if (std::string(argv[1]) != "-") {
    SnapshotOptions options;
    options.source = argv[1];
    options.target = argv[2];
    options.threads = argc > 3 ? static_cast<unsigned>(std::atoi(argv[3])) : 1;
    options.sql_tables = argc <= 4 || std::string_view(argv[4]) != "nosql";
    const Watch watch;
    const auto info = build_snapshot(options);
    if (!info) {
      fmt::print("{} {} line {} {} {}\n", pyojun::info(info.error().code).id, info.error().file, info.error().at.line, info.error().subject,
                 info.error().detail);
      return 1;
    }
    fmt::print("build: {} concepts, {} relationships, {} ancestors: {}\n", info->concepts, info->relationships, info->ancestors,
               watch.text());
  }
  std::shared_ptr<const Vocabulary> vocabulary;
  {
    const Watch watch;
    auto opened = Vocabulary::open(argv[2]);
    if (!opened) return 1;
    vocabulary = *opened;
    fmt::print("open: {}\n", watch.text());
  }
  // Codes of the generator (shared bench: 100000000 + row, by vocabulary), in random order.
  const std::uint64_t rows = vocabulary->info().concepts;
  std::vector<VocabularyId> systems;
  for (const auto& item : vocabulary->info().vocabularies) systems.push_back(vocabulary->system(item.id));
  std::mt19937_64 random(1);
  constexpr int n = 2'000'000;
  std::vector<std::pair<VocabularyId, std::string>> codes;
  for (int i = 0; i < n; ++i) codes.emplace_back(systems[random() % systems.size()], std::to_string(100000000 + random() % rows));
  for (const std::string_view round : {"cold", "warm"}) {
    const Watch watch;
    std::uint64_t found = 0, targets = 0;
    for (const auto& [system, code] : codes) {
      const auto hit = vocabulary->find(system, code);
      found += hit.concept_id != 0 ? 1U : 0U;
      if (hit.concept_id != 0) targets += vocabulary->maps_to(hit.concept_id).size();
    }
    fmt::print("{} lookups of codes, {} found, {} targets: {} ({})\n", n, found, targets, watch.text(), round);
  }
  // Known codes: those of existing concepts, with target and domain: what a mapper does per code.
  std::vector<std::pair<VocabularyId, std::string>> known;
  for (int i = 0; known.size() < 1'000'000 && i < 40'000'000; ++i) {
    const auto view = vocabulary->concept_of(static_cast<std::int32_t>(random() % (4 * rows)));
    if (view && view->id != 0) known.emplace_back(vocabulary->system(view->vocabulary), std::string(view->code));
  }
  {
    auto again = Vocabulary::open(argv[2]);
    if (!again) return 1;
    const Watch watch;
    std::uint64_t found = 0;
    for (const auto& [system, code] : known) found += (*again)->find(system, code).concept_id != 0 ? 1U : 0U;
    fmt::print("{} known codes, fresh mapping: found {}, {}\n", known.size(), found, watch.text());
  }
  {
    auto again = Vocabulary::open(argv[2]);
    if (!again) return 1;
    const Watch watch;
    std::uint64_t domains = 0, found = 0;
    for (const auto& [system, code] : known) {
      const auto hit = (*again)->find(system, code);
      found += hit.concept_id != 0 ? 1U : 0U;
      for (const auto target : (*again)->maps_to(hit.concept_id)) domains += (*again)->concept_of(target)->domain.size();
    }
    fmt::print("{} known codes with targets' domains, fresh mapping: found {}, {} ({})\n", known.size(), found, watch.text(), domains);
  }
  if (argc > 4 && std::string_view(argv[4]) == "export") {
    const Watch watch;
    const auto status = export_sql_tables(*vocabulary, 2);
    fmt::print("export of SQL tables: {} {}\n", status ? "done" : status.error().detail, watch.text());
  }
  for (const std::string_view text : {"acute syndrome left", "zzz nothing"}) {
    const Watch watch;
    const auto hits = vocabulary->suggest(text, 10);
    fmt::print("suggest '{}': {} hits, {}\n", text, hits.size(), watch.text());
  }
  return 0;
}
