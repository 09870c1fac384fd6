// Records and megabytes per cpu-second of a reader over files: bench_readers_hl7v2 FILE... Names are those the mapping `hl7v2` reads for
// results; validation is on. "all" as first argument keeps every node.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "base/input.hpp"
#include "readers/reader.hpp"

namespace {

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace pyojun;
  const bool all = argc > 1 && std::strcmp(argv[1], "all") == 0;
  std::vector<std::string> files(argv + (all ? 2 : 1), argv + argc);
  auto inputs = expand_inputs(files);
  if (!inputs) return 1;
  const Dialect dialect;
  for (const auto& input : inputs->files) {
    std::vector<double> rounds;
    std::uint64_t records = 0, refused = 0, bytes = 0, nodes = 0;
    for (int round = 0; round < 7; ++round) {
      SymbolTable symbols;
      for (const char* name : {"patient", "order",  "OBX",   "NTE",    "@again", "@file",  "MSH-4",  "MSH-7",  "MSH-9",  "MSH-10", "EVN-2",
                               "EVN-6",   "PID-2",  "PID-3", "PID-4",  "PID-5",  "PID-7",  "PID-8",  "PID-10", "PID-11", "PID-18", "PID-22",
                               "PID-29",  "PID-30", "PV1-2", "PV1-3",  "PV1-7",  "PV1-19", "PV1-44", "PV1-45", "PV1-50", "ORC-1",  "ORC-2",
                               "ORC-3",   "OBR-2",  "OBR-3", "OBR-4",  "OBR-7",  "OBR-16", "OBR-25", "OBX-1",  "OBX-2",  "OBX-3",  "OBX-4",
                               "OBX-5",   "OBX-6",  "OBX-7", "OBX-11", "OBX-14", "NTE-3",  "DG1",    "DG1-3",  "DG1-5",  "DG1-6",  "1",
                               "2",       "3",      "4",     "5",      "6",      "9"}) {
        symbols.intern(name);
      }
      Source source;
      source.input = input.get();
      source.dialect = &dialect;
      source.needs.symbols = &symbols;
      source.needs.all = all;
      const double before = cpu_seconds();
      auto reader = find_format("hl7v2")->open(source);
      if (!reader) {
        std::printf("%s: %s\n", input->name().c_str(), info(reader.error().code).says.data());
        break;
      }
      Chunk chunk;
      RecordBatch batch;
      records = refused = bytes = nodes = 0;
      while (true) {
        const auto more = (*reader)->next(chunk, std::size_t{512} << 10);
        if (!more || !*more) break;
        (*reader)->parse(chunk, batch);
        records += batch.records.size();
        refused += batch.rejects.size();
        nodes += batch.nodes.size();
        bytes += chunk.bytes.size();
      }
      rounds.push_back(cpu_seconds() - before);
    }
    if (rounds.empty()) continue;
    std::sort(rounds.begin(), rounds.end());
    const double mb = static_cast<double>(bytes) / 1e6;
    std::printf("%-40s %8llu records %llu refused %9llu nodes %8.1f MB  best %6.0f median %6.0f MB per cpu-s\n", input->name().c_str(),
                static_cast<unsigned long long>(records), static_cast<unsigned long long>(refused), static_cast<unsigned long long>(nodes),
                mb, mb / rounds.front(), mb / rounds[rounds.size() / 2]);
  }
  return 0;
}
