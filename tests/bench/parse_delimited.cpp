// Times splitting and parsing of one delimited file: parse_delimited FILE [NAME,NAME.. | *] [ROUNDS] [ENCODING]. Prints GB per second of
// processor time.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include <time.h>

#include "readers/readers_table.hpp"

using namespace pyojun;

namespace {

// Processor time of this thread, so that a busy machine does not show.
double seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) return 2;
  const std::string names = count > 2 ? arguments[2] : "*";
  const int rounds = count > 3 ? std::atoi(arguments[3]) : 5;
  auto inputs = expand_inputs({arguments[1]});
  if (!inputs || inputs->files.empty()) return 1;
  SymbolTable symbols;
  std::stringstream list(names);
  for (std::string name; std::getline(list, name, ',');) symbols.intern(name);
  Dialect dialect;
  if (count > 4) dialect.encoding = arguments[4];
  Source source;
  source.input = inputs->files[0].get();
  source.dialect = &dialect;
  source.needs.symbols = &symbols;
  source.needs.all = names == "*";
  double best_open = 1e9, best_split = 1e9, best_parse = 1e9;
  std::size_t records = 0, nodes = 0, bytes = 0, refused = 0;
  for (int round = 0; round < rounds; ++round) {
    const double start = seconds();
    auto reader = open_delimited(source);
    if (!reader) return 1;
    const double opened = seconds();
    double split = 0, parse = 0;
    RecordBatch batch;
    Chunk chunk;
    records = nodes = bytes = refused = 0;
    while (true) {
      const double before = seconds();
      auto more = (*reader)->next(chunk, std::size_t{512} << 10);
      const double after = seconds();
      split += after - before;
      if (!more || !*more) break;
      (*reader)->parse(chunk, batch);
      parse += seconds() - after;
      records += batch.records.size();
      refused += batch.rejects.size();
      nodes += batch.nodes.size();
      bytes += chunk.bytes.size();
    }
    best_open = std::min(best_open, opened - start);
    best_split = std::min(best_split, split);
    best_parse = std::min(best_parse, parse);
  }
  const double gb = static_cast<double>(bytes) / 1e9;
  std::printf("%zu records, %zu refused, %zu nodes, %.3f GB: open %.4f s, split %.2f GB/s, parse %.2f GB/s, both %.2f GB/s\n", records,
              refused, nodes, gb, best_open, gb / best_split, gb / best_parse, gb / (best_split + best_parse));
}
