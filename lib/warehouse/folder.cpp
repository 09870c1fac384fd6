#include "warehouse/folder.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <filesystem>

namespace pyojun {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t format_version = 3;
constexpr std::string_view format_word = "pyojun-warehouse ";
constexpr std::string_view current_word = "run ";
constexpr std::uint64_t index_magic = 0x3230'5844'494A'5950ULL;  // "PYJIDX02"

Error wrong_folder(Code code, const std::string& folder) {
  Error error;
  error.code = code;
  error.file = folder;
  return error;
}

// "word 12\n"; nothing when the text is of another kind.
std::optional<std::uint64_t> number_after(std::string_view text, std::string_view word) {
  if (!text.starts_with(word)) return std::nullopt;
  text.remove_prefix(word.size());
  std::uint64_t out = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), out).ec != std::errc()) return std::nullopt;
  return out;
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

Status check_format(const std::string& folder) {
  auto text = read_text(folder + "/FORMAT");
  if (!text) return wrong_folder(Code::warehouse_not_one, folder);
  const auto version = number_after(*text, format_word);
  if (!version) return wrong_folder(Code::warehouse_not_one, folder);
  if (*version < format_version) return wrong_folder(Code::warehouse_older, folder);
  if (*version > format_version) return wrong_folder(Code::warehouse_newer, folder);
  return {};
}

Result<std::uint64_t> current_run(const std::string& folder) {
  if (!exists(folder + "/CURRENT")) return std::uint64_t{0};
  auto text = read_text(folder + "/CURRENT");
  if (!text) return text.error();
  const auto run = number_after(*text, current_word);
  if (!run || *run == 0) return wrong_folder(Code::warehouse_damaged, folder);
  return *run;
}

bool ours(std::string_view name) {
  return name.starts_with("rows-") || name.starts_with("parts-") || name.starts_with("index-") || name.starts_with("warehouse-") ||
         name.ends_with(".work") || name.ends_with(".work.wal");
}

// Segments that the directory of a run names; nothing when it cannot be read.
std::optional<std::vector<SegmentPart>> parts_of(const std::string& folder, std::uint64_t run) {
  MappedSegment file;
  SegmentFooter footer;
  if (!file.open(run_file(folder, "parts", run)) || file.size() < sizeof footer) return std::nullopt;
  std::memcpy(&footer, file.data() + file.size() - sizeof footer, sizeof footer);
  const ArrayPlace& place = footer.parts;
  if (footer.magic != segment_magic || place.at > file.size() || place.count > (file.size() - place.at) / sizeof(SegmentPart))
    return std::nullopt;
  std::vector<SegmentPart> out(place.count);
  if (place.count > 0) std::memcpy(out.data(), file.data() + place.at, place.count * sizeof(SegmentPart));
  return out;
}

// Removes everything of ours that the run does not use; nothing when that cannot be known.
std::size_t sweep(const std::string& folder, std::uint64_t run) {
  std::vector<std::string> keep;
  if (run != 0) {
    for (const std::string_view what : {"parts", "index", "warehouse"}) keep.push_back(run_file("", what, run).substr(1));
    const auto parts = parts_of(folder, run);
    if (!parts) return 0;
    for (const SegmentPart& part : *parts) keep.push_back(run_file("", "rows", part.run).substr(1));
  }
  std::vector<fs::path> leftovers;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (ours(name) && std::find(keep.begin(), keep.end(), name) == keep.end()) leftovers.push_back(entry.path());
  }
  for (const auto& path : leftovers) fs::remove_all(path, ignored);
  return leftovers.size();
}

// The stable name is a convenience for other tools; where hard links do not work they take the numbered file.
void give_stable_name(const std::string& folder, std::uint64_t run) {
  const std::string work = folder + "/warehouse.duckdb.work";
  std::error_code ignored;
  if (fs::equivalent(run_file(folder, "warehouse", run), folder + "/warehouse.duckdb", ignored)) return;
  fs::remove(work, ignored);
  fs::create_hard_link(run_file(folder, "warehouse", run), work, ignored);
  if (!ignored) fs::rename(work, folder + "/warehouse.duckdb", ignored);
}

// A folder without FORMAT becomes a warehouse only when nothing else is in it.
Status nothing_foreign(const std::string& folder) {
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    const std::string name = entry.path().filename().string();
    if (name != "LOCK" && name != "FORMAT.work") return wrong_folder(Code::warehouse_not_one, folder);
  }
  if (failed) return wrong_folder(Code::file_not_readable, folder);
  return {};
}

}  // namespace

std::string run_file(const std::string& folder, std::string_view what, std::uint64_t run) {
  const std::string_view suffix = what == "rows" ? "seg" : what == "parts" ? "dir" : what == "index" ? "bin" : "duckdb";
  return fmt::format("{}/{}-{:06}.{}", folder, what, run, suffix);
}

Status make_folder(const std::string& folder, bool allow_network) {
  std::error_code failed;
  // What is inside says something about patients: nobody else may look in.
  if (fs::create_directories(folder, failed)) fs::permissions(folder, fs::perms::owner_all, failed);
  if (failed) {
    Error error = wrong_folder(Code::file_write_failed, folder);
    error.detail = failed.message();
    return error;
  }
  struct statfs facts {};
  constexpr std::array<std::uint64_t, 4> network{0x6969, 0xFF534D42, 0xFE534D42, 0x517B};  // NFS, CIFS, SMB2, SMB
  const bool known = ::statfs(folder.c_str(), &facts) == 0;
  const auto kind = static_cast<std::uint64_t>(facts.f_type) & 0xFFFF'FFFFU;
  if (known && !allow_network && std::find(network.begin(), network.end(), kind) != network.end()) {
    return wrong_folder(Code::warehouse_network, folder);
  }
  // Before the lock file is made: nothing is left behind in a folder that is somebody else's.
  return exists(folder + "/FORMAT") ? Status() : nothing_foreign(folder);
}

Result<FolderState> prepare_folder(const std::string& folder) {
  if (!exists(folder + "/FORMAT")) {
    if (Status status = nothing_foreign(folder); !status) return status.error();
    if (Status status = write_text_durably(folder, "FORMAT", fmt::format("{}{}\n", format_word, format_version)); !status)
      return status.error();
  }
  if (Status status = check_format(folder); !status) return status.error();
  auto run = current_run(folder);
  if (!run) return run.error();
  FolderState state;
  state.run = *run;
  state.swept = sweep(folder, *run);
  if (*run != 0) give_stable_name(folder, *run);
  return state;
}

Result<FolderState> read_folder(const std::string& folder) {
  std::error_code unknown;
  if (!exists(folder) || fs::is_empty(folder, unknown)) return wrong_folder(Code::warehouse_empty, folder);
  if (Status status = check_format(folder); !status) return status.error();
  auto run = current_run(folder);
  if (!run) return run.error();
  if (*run == 0) return wrong_folder(Code::warehouse_empty, folder);
  return FolderState{*run, 0};
}

Status switch_current(const std::string& folder, std::uint64_t run) {
  if (Status status = sync_folder(folder); !status) return status;
  if (Status status = write_text_durably(folder, "CURRENT", fmt::format("{}{}\n", current_word, run)); !status) return status;
  give_stable_name(folder, run);
  sweep(folder, run);
  return {};
}

namespace {

struct IndexTable {
  std::array<char, 32> name{};
  std::uint64_t count = 0, keys_at = 0, ids_at = 0, flags_at = 0;  // slots 1 .. count
  std::int64_t next_id = 1;
};

struct IndexTail {
  std::uint64_t tables_at = 0, tables = 0, magic = index_magic;
};

}  // namespace

Status save_index(const std::string& path, const Schema& schema, KeyIndexes& indexes) {
  SegmentFile out;
  if (Status status = out.create(path); !status) return status;
  std::vector<IndexTable> tables;
  for (TableId id = 0; id < schema.tables().size(); ++id) {
    KeyIndex* const index = indexes.find(id);
    if (index == nullptr) continue;
    IndexTable table;
    schema.table(id).name.copy(table.name.data(), table.name.size() - 1);
    table.next_id = index->next_id;
    table.count = index->size() - 1;
    auto keys_at = out.put(std::span(index->keys().begin() + 1, table.count));
    if (!keys_at) return keys_at.error();
    auto ids_at = out.put(std::span(index->ids().begin() + 1, table.count));
    if (!ids_at) return ids_at.error();
    auto flags_at = out.put(std::span(index->all_flags().begin() + 1, table.count));
    if (!flags_at) return flags_at.error();
    table.keys_at = *keys_at;
    table.ids_at = *ids_at;
    table.flags_at = *flags_at;
    tables.push_back(table);
  }
  auto at = out.put(std::span<const IndexTable>(tables));
  if (!at) return at.error();
  const IndexTail tail{*at, tables.size(), index_magic};
  if (Status status = out.append(&tail, sizeof tail); !status) return status;
  if (Status status = out.sync(); !status) return status;
  return out.close();
}

Status load_index(const std::string& path, const Schema& schema, KeyIndexes& indexes) {
  MappedSegment file;
  if (Status status = file.open(path); !status) return status;
  const auto damaged = [&path] { return wrong_folder(Code::warehouse_damaged, path); };
  if (file.size() < sizeof(IndexTail)) return damaged();
  IndexTail tail;
  std::memcpy(&tail, file.data() + file.size() - sizeof tail, sizeof tail);
  const auto inside = [&file](std::uint64_t at, std::uint64_t count, std::uint64_t size) {
    return at <= file.size() && count <= (file.size() - at) / size;
  };
  if (tail.magic != index_magic || !inside(tail.tables_at, tail.tables, sizeof(IndexTable))) return damaged();
  for (std::uint64_t i = 0; i < tail.tables; ++i) {
    IndexTable table;
    std::memcpy(&table, file.data() + tail.tables_at + i * sizeof table, sizeof table);
    table.name.back() = '\0';
    if (!inside(table.keys_at, table.count, sizeof(Hash128)) || !inside(table.ids_at, table.count, sizeof(std::int32_t)) ||
        !inside(table.flags_at, table.count, 1)) {
      return damaged();
    }
    const TableId id = schema.find(table.name.data());
    if (id == no_table) return damaged();
    KeyIndex& index = indexes.of(id);
    index.next_id = static_cast<std::int32_t>(table.next_id);
    const auto* const keys = reinterpret_cast<const Hash128*>(file.data() + table.keys_at);
    const auto* const ids = reinterpret_cast<const std::int32_t*>(file.data() + table.ids_at);
    const auto* const flags = reinterpret_cast<const std::uint8_t*>(file.data() + table.flags_at);
    if (!index.load({keys, table.count}, ids, flags)) return damaged();
  }
  return {};
}

Status save_directory(const std::string& path, const Segment& segment, std::size_t living, std::span<const SegmentPart> parts) {
  SegmentFile out;
  if (Status status = out.create(path); !status) return status;
  Status failed;
  const auto put = [&]<class T>(std::span<const T> values) {
    ArrayPlace place;
    auto at = out.put(values);
    if (!at) {
      failed = at.error();
    } else {
      place = {*at, values.size()};
    }
    return place;
  };
  SegmentFooter footer;
  footer.parts = put(parts);
  footer.chunks = put(segment.chunks_.first(living));
  footer.batches = put(segment.batches_);
  footer.dead_ends = put(segment.dead_ends_);
  footer.dead_words = put(segment.dead_words_);
  footer.listed = put(segment.listed_);
  std::vector<TableFooter> tables;
  for (TableId id = 0; id < segment.tables_.size(); ++id) {
    const SettledTable& settled = segment.tables_[id];
    if (settled.rows == 0 && settled.ids.empty()) continue;
    tables.push_back({id, 0, settled.rows, put(settled.ids), put(settled.order)});
  }
  footer.tables = put(std::span<const TableFooter>(tables));
  if (!failed) return failed;
  if (Status status = out.align(8); !status) return status;
  if (Status status = out.append(&footer, sizeof footer); !status) return status;
  if (Status status = out.sync(); !status) return status;
  return out.close();
}

}  // namespace pyojun
