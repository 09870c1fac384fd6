#include "pipeline/map_stage.hpp"

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <mutex>

#include "pipeline/pump.hpp"

namespace pyojun {

namespace {

// Large enough that per-chunk work does not show, small enough that a batch's nodes stay in the second-level cache.
constexpr std::size_t chunk_bytes = std::size_t{512} << 10;

// One chunk on its way from the reader to the warehouse.
struct Work {
  Pump::Item item;
  RecordBatch batch;
  MappedBatch mapped;
};

// What has been committed of one file so far; only the thread whose turn it is touches it.
struct FileProgress {
  std::uint32_t number = 0;  // in the warehouse
  std::uint64_t lines = 0, records = 0, refused = 0;
  std::vector<std::uint64_t> filled;
  std::vector<Finding> findings;
  FileFacts facts;
  bool opened = false;
};

Reject cut_short(const Error& error) {
  Reject reject;
  reject.code = error.code;
  reject.offset = error.at.offset;
  return reject;
}

// The query whose rows a fetched file holds; its name is their record kind.
std::string query_of(const SourceFile& file) {
  const std::string_view name = file.input->name();
  return std::string(name.substr(0, name.rfind('.')));
}

const FileKind* kind_of(const Dialect& dialect, const std::string& name) {
  const auto found = std::ranges::find(dialect.files, name, &FileKind::kind);
  return found == dialect.files.end() ? nullptr : &*found;
}

// What conditions over the record kind `kind` read and the file has not, neither by one name nor by an alternative.
template <class Has>
void note_undecided(const Plan& plan, const std::string& kind, const std::string& before, const FileKind* file, const Has& has,
                    std::vector<Finding>& findings) {
  for (const auto& names : plan.deciding_fields(kind)) {
    const auto known = [&](const std::string& name) {
      return has(name) || (file != nullptr && std::ranges::find(file->optional, name) != file->optional.end());
    };
    if (std::ranges::any_of(names, known)) continue;
    std::string all = before;
    for (const auto& name : names) all += (all.size() == before.size() ? "" : " ? ") + name;
    add_finding(findings, Code::condition_column_absent, all, 1);
  }
}

class Run {
 public:
  Run(const MapStage& stage, ConvertOutcome& outcome)
      : stage_(stage), outcome_(outcome), first_(outcome.files.size()), progress_(stage.sources.files.size()) {}

  Status lookups();
  void decide();
  Status rows();

 private:
  Result<std::shared_ptr<Reader>> open(std::size_t file, bool lookups);
  std::vector<std::string> kinds(bool lookups) const;
  void note_columns(std::size_t file);
  void broken(std::size_t file, const Error& error);
  Status commit(Work& work);
  void worker(Pump& pump, Mapper& mapper);
  void close_files();
  QuarantineEntry entry(const FileProgress& file, const Reject& reject, std::uint64_t shift) const;

  const MapStage& stage_;
  ConvertOutcome& outcome_;
  std::size_t first_;  // of this source's files in the outcome
  std::vector<FileProgress> progress_;
  std::vector<std::unique_ptr<Mapper>> mappers_;
  std::mutex facts_mutex_;
  Pool<Work> pool_;
};

// Record kinds that lookups or rules read; empty when some reads every kind.
std::vector<std::string> Run::kinds(bool lookups) const {
  std::vector<std::string> out;
  for (const RuleInfo& rule : stage_.plan->rules()) {
    if (rule.lookup != lookups) continue;
    if (rule.kind == "*") return {};
    out.push_back(rule.kind);
  }
  return out;
}

Result<std::shared_ptr<Reader>> Run::open(std::size_t number, bool lookups) {
  SourceFile& file = stage_.sources.files[number];
  if (file.format == nullptr) return std::shared_ptr<Reader>();
  Source source;
  source.input = file.input.get();
  source.dialect = &stage_.plan->dialect();
  source.kind = file.kind;
  source.limits = stage_.request.limits;
  source.needs.symbols = const_cast<SymbolTable*>(&stage_.plan->symbols());  // frozen: readers only find()
  source.needs.kinds = kinds(lookups);
  source.needs.only_kinds = lookups;
  if (!file.kind.empty()) source.expected = stage_.plan->fields_of(file.kind);
  if (file.fetched) source.expected = stage_.plan->fields_of(query_of(file));
  auto reader = file.format->open(source);
  if (!reader) return reader.error();
  {
    const std::lock_guard lock(facts_mutex_);
    progress_[number].facts = (*reader)->facts();
    note_columns(number);
    for (const Finding& note : progress_[number].facts.notes) {
      if (progress_[number].opened || info(note.code).severity != Severity::warning) continue;  // opened twice when there are lookups
      add_finding(progress_[number].findings, note.code, note.subject, note.count);
    }
    progress_[number].opened = true;
  }
  return std::shared_ptr<Reader>(std::move(*reader));
}

// Columns that the reader missed, without those the dialect calls optional; and those of them that decide something.
void Run::note_columns(std::size_t number) {
  const SourceFile& file = stage_.sources.files[number];
  FileProgress& progress = progress_[number];
  const std::string kind = file.fetched ? query_of(file) : file.kind;
  const FileKind* declared = kind_of(stage_.plan->dialect(), kind);
  auto& missing = progress.facts.missing_columns;
  if (declared != nullptr)
    std::erase_if(missing, [&](const auto& name) { return std::ranges::find(declared->optional, name) != declared->optional.end(); });
  if (progress.opened) return;
  const auto delivered = [&](const std::string& name) { return std::ranges::find(missing, name) == missing.end(); };
  if (!missing.empty()) note_undecided(*stage_.plan, kind, "", declared, delivered, progress.findings);
  if (declared == nullptr) return;
  for (const FixedRecord& record : declared->records) {
    const auto laid_out = [&](const std::string& name) {
      return std::ranges::find(record.fields, name, &FixedField::name) != record.fields.end();
    };
    note_undecided(*stage_.plan, record.kind, record.kind + ".", declared, laid_out, progress.findings);
  }
}

void Run::broken(std::size_t number, const Error& error) {
  const std::lock_guard lock(facts_mutex_);
  outcome_.incomplete = true;
  FileOutcome& file = outcome_.files[first_ + number];
  file.why = error.code;
  file.broken = error;
}

QuarantineEntry Run::entry(const FileProgress& file, const Reject& reject, std::uint64_t shift) const {
  QuarantineEntry out;
  out.file = file.number;
  out.code = reject.code;
  out.offset = reject.offset;
  out.length = reject.length;
  out.at = reject.at;
  out.line = file.lines + reject.line + 1;
  out.record = file.records + reject.record + shift + 1;
  out.rule = reject.rule == 0 ? -1 : reject.rule - 1;
  out.path = !reject.path.empty() ? reject.path : std::string(stage_.plan->symbols().name(reject.field));
  if (reject.column != no_column && reject.table != no_table) {
    const Table& table = stage_.warehouse->schema().table(reject.table);
    out.column = table.name + "." + table.columns[reject.column].name;
  }
  return out;
}

Status Run::commit(Work& work) {
  const RecordBatch& batch = work.batch;
  MappedBatch& mapped = work.mapped;
  FileProgress& file = progress_[work.item.file];
  std::vector<QuarantineEntry> entries;
  entries.reserve(batch.rejects.size() + mapped.rejects.size());
  for (const auto& reject : batch.rejects) entries.push_back(entry(file, reject, 0));
  // Readers number all records they met, the mapper only the good ones: refused records in front shift the number.
  auto before = [&](std::uint32_t record) {
    std::uint64_t shift = 0;
    for (const Reject& reject : batch.rejects) shift += reject.record <= record + shift ? 1 : 0;
    return shift;
  };
  for (const auto& reject : mapped.rejects) entries.push_back(entry(file, reject, before(reject.record)));
  for (const auto& value : mapped.left_out) {
    entries.push_back(entry(file, value, before(value.record)));
    entries.back().row_kept = true;
  }
  BatchFacts facts;
  facts.seen = batch.seen;
  facts.refused = batch.seen - batch.records.size();
  facts.unread = mapped.unread;
  facts.lines = batch.lines;
  facts.first_line = file.lines;
  facts.first_record = file.records;
  std::vector<RecordPlace> places;
  places.reserve(batch.records.size());
  for (const auto& record : batch.records) places.push_back({record.offset, record.length, record.line});
  facts.places = places;
  Status done = stage_.warehouse->commit(file.number, mapped.chunks, mapped.tallies, facts, entries);
  file.lines += batch.lines;
  file.records += batch.seen;
  file.refused += facts.refused;
  outcome_.unread += mapped.unread;
  for (const Finding& finding : batch.findings) add_finding(file.findings, finding.code, finding.subject, finding.count);
  for (const Finding& finding : mapped.findings) add_finding(file.findings, finding.code, finding.subject, finding.count);
  if (file.filled.size() < batch.filled.size()) file.filled.resize(batch.filled.size());
  for (std::size_t i = 0; i < batch.filled.size(); ++i) file.filled[i] += batch.filled[i];
  return done;
}

void Run::worker(Pump& pump, Mapper& mapper) {
  while (auto item = pump.take()) {
    if (stage_.world.stopped()) pump.fail({Code::interrupted, {}, {}, {}, {}});
    const std::uint64_t ticket = item->ticket;
    std::shared_ptr<Work> work = pool_.take();
    work->item = std::move(*item);
    const Chunk& chunk = work->item.chunk;
    work->item.reader->parse(chunk, work->batch);
    work->batch.bytes = {chunk.bytes.data(), chunk.bytes.size()};
    work->batch.bytes_offset = chunk.offset;
    compose_texts(work->batch);
    work->mapped.clear();
    mapper.map(work->batch, work->mapped);
    stage_.world.progress->advance(chunk.bytes.size());
    pump.in_order(ticket, [this, work = std::move(work)]() mutable {
      Status done = commit(*work);
      work->item = {};
      pool_.give(std::move(work));
      return done;
    });
  }
}

Status Run::lookups() {
  mappers_.clear();
  for (unsigned i = 0; i < stage_.request.threads; ++i) mappers_.push_back(make_mapper(stage_.plan, stage_.vocabulary));
  if (!stage_.plan->has_lookups()) return {};
  // Files that no lookup reads are not read twice.
  for (SourceFile& file : stage_.sources.files) {
    const auto read_by = [&file](const RuleInfo& rule) {
      return rule.lookup && (rule.kind == "*" || file.kinds.empty() || std::ranges::find(file.kinds, rule.kind) != file.kinds.end());
    };
    file.looked_up = (file.format != nullptr || file.unreadable) && std::ranges::any_of(stage_.plan->rules(), read_by);
  }
  // Gathering is order-sensitive (the first of two equal keys wins), so chunks are gathered in order into one mapper.
  Pump pump(
      stage_.sources.files.size(), chunk_bytes, stage_.request.threads,
      [&](std::size_t number) {
        const SourceFile& file = stage_.sources.files[number];
        return file.looked_up && !file.waits() && !file.replaced ? open(number, true)
                                                                 : Result<std::shared_ptr<Reader>>(std::shared_ptr<Reader>());
      },
      [](std::size_t, const Error&) {});
  run_workers(stage_.request.threads, [&](unsigned) {
    while (auto item = pump.take()) {
      if (stage_.world.stopped()) pump.fail({Code::interrupted, {}, {}, {}, {}});
      const std::uint64_t ticket = item->ticket;
      std::shared_ptr<Work> work = pool_.take();
      work->item = std::move(*item);
      work->item.reader->parse(work->item.chunk, work->batch);
      work->batch.bytes = {work->item.chunk.bytes.data(), work->item.chunk.bytes.size()};
      compose_texts(work->batch);
      pump.in_order(ticket, [this, work = std::move(work)]() mutable {
        mappers_[0]->gather(work->batch);
        work->item = {};
        pool_.give(std::move(work));
        return Status();
      });
    }
  });
  finish_lookups(mappers_);
  return pump.status();
}

void Run::decide() {
  std::map<std::vector<std::string>, std::string> known;  // tables are large, and files of one kind many
  stage_.decide([&](const std::vector<std::string>& kinds) {
    if (!stage_.plan->has_lookups()) return std::string();
    const auto [at, fresh] = known.try_emplace(kinds);
    if (fresh) at->second = lookup_digest(*mappers_[0], kinds);
    return at->second;
  });
}

Status Run::rows() {
  outcome_.files.resize(first_ + stage_.sources.files.size());
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < stage_.sources.files.size(); ++i) {
    SourceFile& file = stage_.sources.files[i];
    if (!file.take || stage_.dry_run) continue;
    FileEntry info;
    info.path = file.path;
    info.name = file.name;
    info.sha256 = file.sha256;
    info.format = file.format == nullptr ? "" : std::string(file.format->name);
    info.kind = file.kind;
    info.size = file.input->size();
    info.source = stage_.source.name;
    info.made_by = file.made_by;
    info.first_rule = stage_.first_rule;
    info.rules = static_cast<std::uint32_t>(stage_.plan->rules().size());
    progress_[i].number = file.number = stage_.warehouse->add_file(info);
    if (file.format != nullptr) total += info.size;
  }
  if (stage_.dry_run) {
    close_files();
    return {};
  }
  stage_.world.progress->stage("map", total);
  Pump pump(
      stage_.sources.files.size(), chunk_bytes, stage_.request.threads,
      [this](std::size_t file) {
        return stage_.sources.files[file].take ? open(file, false) : Result<std::shared_ptr<Reader>>(std::shared_ptr<Reader>());
      },
      [this](std::size_t file, const Error& error) { broken(file, error); });
  run_workers(stage_.request.threads, [&](unsigned number) { worker(pump, *mappers_[number]); });
  if (Status status = pump.status(); !status) return status;
  close_files();
  std::vector<CodeTally> codes;
  for (const auto& mapper : mappers_) {
    auto some = mapper->codes();
    for (auto& code : some) code.rule = static_cast<std::uint16_t>(code.rule + stage_.first_rule);
    std::move(some.begin(), some.end(), std::back_inserter(codes));
  }
  stage_.warehouse->add_codes(codes);
  return {};
}

void Run::close_files() {
  for (std::size_t i = 0; i < progress_.size(); ++i) {
    const SourceFile& source = stage_.sources.files[i];
    const FileProgress& file = progress_[i];
    FileOutcome& out = outcome_.files[first_ + i];
    out.path = source.path;
    out.fate = source.fate;
    out.format = source.format == nullptr ? "" : std::string(source.format->name);
    out.kind = source.kind;
    out.facts = file.facts;
    out.findings = file.findings;
    out.encoding = file.facts.encoding;
    out.read = file.opened;
    out.records = file.records;
    out.refused = file.refused;
    if (source.format == nullptr) out.why = source.why;
    if (source.unhashed && source.fate == Fate::held) out.broken = source.unhashed;
    outcome_.incomplete = outcome_.incomplete || out.why == Code::file_name_registration;
    if (!source.take || stage_.dry_run) continue;
    outcome_.records += file.records;
    outcome_.refused += file.refused;
    if (file.opened) outcome_.bytes += source.input->size();
    std::vector<std::pair<std::string, std::uint64_t>> filled;
    for (std::size_t c = 0; c < std::min(file.filled.size(), file.facts.columns.size()); ++c)
      filled.emplace_back(file.facts.columns[c], file.filled[c]);
    stage_.warehouse->add_profile(file.number, source.kind, filled, file.records);
    if (file.opened) stage_.warehouse->set_encoding(file.number, file.facts.encoding);
    stage_.warehouse->add_columns(file.number, file.facts.unknown_columns, file.facts.missing_columns);
    for (const Finding& finding : file.findings) stage_.warehouse->add_finding(file.number, finding.code, finding.subject, finding.count);
    if (out.broken) {
      std::vector<QuarantineEntry> entries{entry(file, cut_short(*out.broken), 0)};
      stage_.warehouse->note_file(file.number, entries);
    }
  }
}

}  // namespace

Status hash_files(Sources& sources, unsigned threads, const World& world) {
  std::uint64_t total = 0;
  std::vector<SourceFile*> files;
  for (auto& file : sources.files) {
    if (file.format == nullptr || !file.sha256.empty()) continue;
    total += file.input->size();
    files.push_back(&file);
  }
  // One file is one chain of blocks: the longest begins first, so that no thread is left with it in the end.
  std::ranges::stable_sort(files, std::greater(), [](const SourceFile* file) { return file->input->size(); });
  world.progress->stage("hash", total);
  std::atomic<std::size_t> next{0};
  run_workers(threads, [&](unsigned) {
    for (std::size_t i = next++; i < files.size() && !world.stopped(); i = next++) {
      SourceFile& file = *files[i];
      auto hash = file.input->sha256();
      if (hash) {
        file.sha256 = std::move(*hash);
      } else if (!file.young && (hash.error().code == Code::file_not_readable || hash.error().code == Code::file_changed_while_reading)) {
        file.unhashed = hash.error();
      }
      world.progress->advance(file.input->size());
    }
  });
  if (world.stopped()) return Error{Code::interrupted, {}, {}, {}, {}};
  return {};
}

Status run_map_stage(const MapStage& stage, ConvertOutcome& outcome) {
  Run run(stage, outcome);
  if (Status status = run.lookups(); !status) return status;
  run.decide();
  return run.rows();
}

}  // namespace pyojun
