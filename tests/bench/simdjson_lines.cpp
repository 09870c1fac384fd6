// Yardstick for FHIR reading: simdjson on-demand reads 8 fields of each line of an Observation NDJSON file and does nothing else with them.
// usage: simdjson_lines FILE. Prints lines, bytes, fields found and cpu seconds. Build: g++ -O2 -std=c++20 simdjson_lines.cpp -lsimdjson
#include <fcntl.h>
#include <simdjson.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string_view>
#include <vector>

namespace {

double cpu() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

struct Tally {
  std::size_t lines = 0, bad = 0, fields = 0, bytes = 0;
};

void text(simdjson::simdjson_result<simdjson::ondemand::value> value, Tally& tally) {
  std::string_view view;
  if (value.get_string().get(view) == simdjson::SUCCESS) ++tally.fields;
}

// The fields in document order, as one who knows the files would read them.
void read_line(simdjson::ondemand::parser& parser, const char* line, std::size_t length, std::size_t capacity, Tally& tally) {
  ++tally.lines;
  simdjson::ondemand::document document;
  if (parser.iterate(line, length, capacity).get(document) != simdjson::SUCCESS) {
    ++tally.bad;
    return;
  }
  text(document["id"], tally);
  text(document["status"], tally);
  simdjson::ondemand::object coding;
  if (document["code"]["coding"].at(0).get_object().get(coding) == simdjson::SUCCESS) {
    text(coding["system"], tally);
    text(coding["code"], tally);
  }
  text(document["subject"]["reference"], tally);
  text(document["encounter"]["reference"], tally);
  text(document["effectiveDateTime"], tally);
  double number = 0;
  if (document["valueQuantity"]["value"].get_double().get(number) == simdjson::SUCCESS) ++tally.fields;
}

}  // namespace

int main(int argc, char** argv) {
  const int file = argc > 1 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) {
    std::fputs("usage: simdjson_lines FILE\n", stderr);
    return 2;
  }
  constexpr std::size_t block = std::size_t{16} << 20U;
  std::vector<char> buffer(block + simdjson::SIMDJSON_PADDING);
  simdjson::ondemand::parser parser;
  Tally tally;
  const double start = cpu();
  std::size_t kept = 0;
  for (;;) {
    const ssize_t got = read(file, buffer.data() + kept, block - kept);
    if (got <= 0) break;
    tally.bytes += static_cast<std::size_t>(got);
    const std::size_t end = kept + static_cast<std::size_t>(got);
    std::size_t at = 0;
    for (;;) {
      const void* stop = std::memchr(buffer.data() + at, '\n', end - at);
      if (stop == nullptr) break;
      const auto length = static_cast<std::size_t>(static_cast<const char*>(stop) - (buffer.data() + at));
      read_line(parser, buffer.data() + at, length, buffer.size() - at, tally);
      at += length + 1;
    }
    kept = end - at;
    std::memmove(buffer.data(), buffer.data() + at, kept);
    if (kept == block) return 1;  // a line longer than the block
  }
  close(file);
  const double used = cpu() - start;
  std::printf("{\"lines\":%zu,\"bad\":%zu,\"fields\":%zu,\"bytes\":%zu,\"cpu\":%.3f}\n", tally.lines, tally.bad, tally.fields, tally.bytes,
              used);
  return 0;
}
