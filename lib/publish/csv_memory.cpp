#include "publish/csv_memory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <filesystem>
#include <unordered_map>
#include <utility>

#include "warehouse/duck.hpp"

namespace pyojun {

namespace {

std::string place_name(const PublishRequest& request) {
  std::error_code failed;
  const auto full = std::filesystem::absolute(request.place, failed);
  return failed ? request.place : full.lexically_normal().string();
}

std::int64_t word(std::uint64_t value) { return std::bit_cast<std::int64_t>(value); }

}  // namespace

// A published file as it is now, and what is known of its pieces.
struct CsvMemory::File {
  int descriptor = -1;
  const char* data = nullptr;
  std::uint64_t size = 0;
  std::unordered_map<Hash128, CsvBlock> blocks;

  File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (data != nullptr) ::munmap(const_cast<char*>(data), size);
    if (descriptor >= 0) ::close(descriptor);
  }
  // Without it nothing is found.
  void open(const std::string& path) {
    descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat facts {};
    if (descriptor < 0 || ::fstat(descriptor, &facts) != 0 || !S_ISREG(facts.st_mode) || facts.st_size == 0) return;
    void* const at = ::mmap(nullptr, static_cast<std::size_t>(facts.st_size), PROT_READ, MAP_SHARED, descriptor, 0);
    if (at == MAP_FAILED) return;
    data = static_cast<const char*>(at);
    size = static_cast<std::uint64_t>(facts.st_size);
  }
};

CsvMemory::CsvMemory() = default;
CsvMemory::CsvMemory(CsvMemory&&) noexcept = default;
CsvMemory& CsvMemory::operator=(CsvMemory&&) noexcept = default;
CsvMemory::~CsvMemory() = default;

Result<CsvMemory> CsvMemory::load(const PublishRequest& request) {
  CsvMemory out;
  Duck& duck = request.warehouse->duck();
  const std::string sql = fmt::format(
      "select \"table\", state, mark_low, mark_high, \"at\", bytes, rows, sum_low, sum_high from ledger.csv_block where place = {} and "
      "program = {}",
      sql_text(place_name(request)), sql_text(request.program));
  const auto take = [&](const DuckRows& rows) {
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      auto& file = out.files_[std::string(rows.text(0, i))];
      if (!file) file = std::make_unique<File>();
      const auto number = [&](std::size_t column) { return std::bit_cast<std::uint64_t>(rows.integer(column, i)); };
      const Hash128 mark{number(2), number(3)};
      file->blocks[mark] = {mark, number(4), number(5), number(6), {number(7), number(8)}, std::string(rows.text(1, i))};
    }
    return true;
  };
  if (Status status = duck.query(sql, take, "published"); !status) return status.error();
  for (auto& [table, file] : out.files_) file->open(request.place + "/" + table + ".csv");
  return out;
}

std::optional<CsvMemory::Piece> CsvMemory::find(const std::string& table, const Hash128& mark) const {
  const auto file = files_.find(table);
  if (!mark || file == files_.end() || file->second->data == nullptr) return std::nullopt;
  const auto block = file->second->blocks.find(mark);
  if (block == file->second->blocks.end()) return std::nullopt;
  const CsvBlock& one = block->second;
  if (one.at > file->second->size || one.bytes > file->second->size - one.at) return std::nullopt;
  const std::string_view bytes(file->second->data + one.at, one.bytes);
  if (hash128(bytes) != one.sum) return std::nullopt;
  return Piece{&one, bytes};
}

int CsvMemory::file(const std::string& table) const {
  const auto file = files_.find(table);
  return file == files_.end() ? -1 : file->second->descriptor;
}

Status CsvMemory::store(const PublishRequest& request, const std::map<std::string, std::vector<CsvBlock>>& blocks) {
  Duck& duck = request.warehouse->duck();
  const std::string place = place_name(request);
  if (Status status = duck.exec("delete from ledger.csv_block where place = " + sql_text(place), "published"); !status) return status;
  auto out = duck.append_to("ledger", "csv_block");
  if (!out) return out.error();
  for (const auto& [table, list] : blocks) {
    for (const CsvBlock& one : list) {
      out->add(place)
          .add(table)
          .add(request.program)
          .add(word(one.mark.low))
          .add(word(one.mark.high))
          .add(word(one.at))
          .add(word(one.bytes));
      out->add(word(one.rows)).add(word(one.sum.low)).add(word(one.sum.high)).add(one.state);
      if (Status status = out->end_row(); !status) return status;
    }
  }
  return out->close();
}

}  // namespace pyojun
