#include "pipeline/inspect.hpp"

#include <unordered_map>
#include <unordered_set>

#include "base/hangul.hpp"
#include "base/hash.hpp"
#include "base/time_value.hpp"
#include "record/masking.hpp"

namespace pyojun {

namespace {

bool reads_as_number(std::string_view text) {
  if (text.empty() || text.size() > 40) return false;
  std::size_t digits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c >= '0' && c <= '9') {
      ++digits;
    } else if (c != '.' && !(i == 0 && (c == '-' || c == '+'))) {
      return false;
    }
  }
  return digits > 0;
}

// Collects one file's profile. Distinct texts are counted by hash; no text is kept.
class Profiler {
 public:
  Profiler(FileInspection& out, const SymbolTable& symbols) : out_(out), symbols_(symbols) {}

  void add(const RecordBatch& batch) {
    for (const Record& record : batch.records) {
      const std::string kind(symbols_.name(record.kind));
      KindProfile& profile = out_.kinds[kind];
      ++profile.records;
      ++record_number_;
      walk(batch, record.root, kind, profile, {});
    }
  }

 private:
  void walk(const RecordBatch& batch, NodeIndex parent, const std::string& kind, KindProfile& profile, const std::string& prefix) {
    for (NodeIndex i = batch.nodes[parent].child; i != 0; i = batch.nodes[i].next) {
      const Node& node = batch.nodes[i];
      const std::string_view name = symbols_.name(node.name);
      if (name == "@file") continue;
      const std::string path = prefix.empty() ? std::string(name) : prefix + "." + std::string(name);
      count(node, kind, path, profile.fields[path]);
      if (node.child != 0) walk(batch, i, kind, profile, path);
    }
  }

  void count(const Node& node, const std::string& kind, const std::string& path, FieldProfile& field) {
    ++field.seen;
    std::uint64_t& last = last_record_[kind + '\n' + path];
    if (last != record_number_) {
      last = record_number_;
      ++field.records;
    }
    if (node.child != 0 || node.length > 0) ++field.filled;
    if (node.length == 0) return;
    field.longest = std::max(field.longest, node.length);
    if (mojibake_runs(node.text()) != 0) ++field.garbled;
    if (reads_as_number(node.text())) ++field.numeric;
    if (parse_iso(node.text()) && node.length >= 8) ++field.dates;
    if (field.distinct >= distinct_limit) return;
    if (seen_.insert(combine(hash128(node.text()), hash128(kind + '\n' + path).low).low).second) ++field.distinct;
  }

  FileInspection& out_;
  const SymbolTable& symbols_;
  std::uint64_t record_number_ = 0;
  std::unordered_map<std::string, std::uint64_t> last_record_;
  std::unordered_set<std::uint64_t> seen_;
};

void read_file(const SourceFile& file, const InspectRequest& request, const World& world, FileInspection& out) {
  SymbolTable symbols;
  Source source;
  source.input = file.input.get();
  source.dialect = &request.dialect;
  source.kind = file.kind;
  source.limits = request.limits;
  source.needs.symbols = &symbols;
  source.needs.all = true;
  auto reader = file.format->open(source);
  if (!reader) {
    out.problem = reader.error();
    return;
  }
  out.read = true;
  Profiler profiler(out, symbols);
  Chunk chunk;
  RecordBatch batch;
  std::string line;
  while (true) {
    auto more = (*reader)->next(chunk, std::size_t{1} << 20);
    if (!more) {
      out.cut = true;
      out.problem = more.error();
      break;
    }
    if (!*more || world.stopped()) break;
    (*reader)->parse(chunk, batch);
    batch.bytes = {chunk.bytes.data(), chunk.bytes.size()};
    compose_texts(batch);
    for (const Reject& reject : batch.rejects) ++out.reject_ids[std::string(info(reject.code).id)];
    if (request.dump) {
      mask_registrations(batch, symbols);
      for (const Record& record : batch.records) {
        line.clear();
        dump_json(batch, record, symbols, out.lines, line);
        if (line.empty() || line.back() != '\n') line += '\n';
        request.dump(line);
      }
    } else {
      profiler.add(batch);
    }
    for (const Finding& finding : batch.findings) add_finding(out.findings, finding.code, finding.subject, finding.count);
    out.records += batch.seen;
    out.refused += batch.seen - batch.records.size();
    out.lines += batch.lines;
    world.progress->advance(chunk.bytes.size());
  }
  out.facts = (*reader)->facts();
}

}  // namespace

Result<std::vector<FileInspection>> inspect(const InspectRequest& request, const World& world) {
  auto sources = find_sources({request.inputs, request.format, {}, {}}, request.dialect);
  if (!sources) return sources.error();
  std::uint64_t total = 0;
  for (const auto& file : sources->files) total += file.input->size();
  world.progress->stage("inspect", total);
  std::vector<FileInspection> out;
  for (const auto& file : sources->files) {
    FileInspection inspection;
    inspection.path = file.why == Code::file_name_registration ? file.path : file.input->path();
    if (file.format == nullptr) {
      inspection.problem = {file.why, inspection.path, {}, {}, {}};
    } else {
      read_file(file, request, world, inspection);
    }
    out.push_back(std::move(inspection));
    if (world.stopped()) return Error{Code::interrupted, {}, {}, {}, {}};
  }
  return out;
}

}  // namespace pyojun
