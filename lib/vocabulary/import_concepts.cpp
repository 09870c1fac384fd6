// CONCEPT.csv to rows, text heap and kinds.
#include <algorithm>
#include <chrono>

#include "base/text.hpp"
#include "vocabulary/builder.hpp"
#include "vocabulary/in_order.hpp"

namespace pyojun::vocabulary {

namespace {

constexpr std::size_t piece_size = std::size_t{8} << 20;

struct Piece {
  std::vector<Row> rows;
  std::string text;
  std::vector<std::string> kinds;  // domain, vocabulary, class, standard, tab between
  std::uint64_t lines = 0;
  std::optional<Damage> damage;
};

// Numbers of kinds within one piece; neighbours are often alike.
class KindNumbers {
 public:
  std::uint16_t number(const Fields& row, std::vector<std::string>& all) {
    key_.clear();
    for (std::size_t i = 2; i <= 5; ++i) {
      key_.append(row.at[i]);
      key_.push_back('\t');
    }
    const auto [at, added] = numbers_.try_emplace(key_, static_cast<std::uint16_t>(all.size()));
    if (added) all.push_back(key_);
    return at->second;
  }

 private:
  std::string key_;
  std::unordered_map<std::string, std::uint16_t> numbers_;
};

bool append_entry(std::string& text, std::string_view code, std::string_view name) {
  if (code.size() > 255 || name.size() > 65535) return false;
  text.push_back(static_cast<char>(code.size()));
  text.append(code);
  text.push_back(static_cast<char>(name.size() & 255));
  text.push_back(static_cast<char>(name.size() >> 8));
  text.append(name);
  return true;
}

std::uint16_t invalid_flag(std::string_view reason) {
  if (reason.empty()) return 0;
  if (reason == "D") return flag_deleted;
  return reason == "U" ? flag_updated : flag_invalid_other;
}

// Name of the damaged column, or an empty view.
std::string_view add_row(const Fields& from, Piece& piece, KindNumbers& kinds) {
  Row row;
  if (!parse_id(from.at[0], row.id)) return "concept_id";
  if (!parse_day(from.at[7], row.valid_start)) return "valid_start_date";
  if (!parse_day(from.at[8], row.valid_end)) return "valid_end_date";
  if (from.at[5].size() > 1) return "standard_concept";
  row.text = static_cast<std::uint32_t>(piece.text.size());
  if (!append_entry(piece.text, from.at[6], from.at[1])) return from.at[6].size() > 255 ? "concept_code" : "concept_name";
  row.kind = kinds.number(from, piece.kinds);
  row.flags = invalid_flag(from.at[9]);
  if (piece.kinds.size() > 65535) return "concept_class_id";
  piece.rows.push_back(row);
  return {};
}

Piece read_piece(const SourceTable& table, std::string_view bytes) {
  Piece piece;
  piece.rows.reserve(bytes.size() / 64);
  piece.text.reserve(bytes.size());
  KindNumbers kinds;
  if (const std::size_t bad = find_bad_utf8(bytes); bad != no_bad_byte) {
    piece.damage =
        Damage{1 + static_cast<std::uint64_t>(std::count(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(bad), '\n')), "UTF-8"};
    return piece;
  }
  piece.damage = table.each(
      bytes, [&](const Fields& row) { return add_row(row, piece, kinds); }, &piece.lines);
  return piece;
}

// Numbers of a piece's kinds among all kinds; false when there are too many.
bool merge_kinds(const Piece& piece, Concepts& concepts, std::unordered_map<std::string, std::uint16_t>& numbers,
                 std::vector<std::uint16_t>& map) {
  map.clear();
  for (const auto& key : piece.kinds) {
    const auto [at, added] = numbers.try_emplace(key, static_cast<std::uint16_t>(concepts.kinds.size()));
    map.push_back(at->second);
    if (!added) continue;
    if (concepts.kinds.size() >= 65535) return false;
    std::string_view parts[4];
    std::string_view rest = key;
    for (auto& part : parts) {
      const std::size_t tab = rest.find('\t');
      part = rest.substr(0, tab);
      rest.remove_prefix(tab + 1);
    }
    Kind kind;
    kind.domain = concepts.strings.number(parts[0]);
    kind.vocabulary = concepts.strings.number(parts[1]);
    kind.concept_class = concepts.strings.number(parts[2]);
    kind.standard = parts[3].empty() ? '\0' : parts[3][0];
    if (kind.domain == 0xFFFF || kind.vocabulary == 0xFFFF || kind.concept_class == 0xFFFF) return false;
    concepts.kinds.push_back(kind);
  }
  return true;
}

}  // namespace

std::uint16_t StringTable::number(std::string_view text) {
  if (const auto at = numbers_.find(std::string(text)); at != numbers_.end()) return at->second;
  if (all_.size() >= 0x8000) return 0xFFFF;
  const auto number = static_cast<std::uint16_t>(all_.size());
  all_.emplace_back(text);
  numbers_.emplace(all_.back(), number);
  return number;
}

std::string_view Concepts::code(const Row& row) const {
  const char* at = text.data() + row.text;
  return {at + 1, static_cast<unsigned char>(*at)};
}

std::string_view Concepts::name(const Row& row) const {
  const char* at = text.data() + row.text;
  at += 1 + static_cast<unsigned char>(*at);
  const std::size_t size = static_cast<unsigned char>(at[0]) | static_cast<std::size_t>(static_cast<unsigned char>(at[1])) << 8;
  return {at + 2, size};
}

bool parse_id(std::string_view text, std::int32_t& id) {
  if (text.empty() || text.size() > 10) return false;
  std::uint64_t value = 0;
  for (const char c : text) {
    const unsigned digit = static_cast<unsigned char>(c) - unsigned{'0'};
    if (digit > 9) return false;
    value = value * 10 + digit;
  }
  if (value > 0x7FFFFFFF) return false;
  id = static_cast<std::int32_t>(value);
  return true;
}

bool parse_day(std::string_view text, std::uint16_t& day) {
  char digits[8];
  if (text.size() == 8) {
    std::copy_n(text.data(), 8, digits);
  } else if (text.size() == 10 && text[4] == '-' && text[7] == '-') {
    std::copy_n(text.data(), 4, digits);
    std::copy_n(text.data() + 5, 2, digits + 4);
    std::copy_n(text.data() + 8, 2, digits + 6);
  } else {
    return false;
  }
  unsigned value = 0;
  for (const char c : digits) {
    const unsigned digit = static_cast<unsigned char>(c) - unsigned{'0'};
    if (digit > 9) return false;
    value = value * 10 + digit;
  }
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(value / 10000)), std::chrono::month(value / 100 % 100),
                                         std::chrono::day(value % 100)};
  if (!date.ok()) return false;
  const auto days = std::chrono::sys_days(date).time_since_epoch().count() - day_base;
  day = static_cast<std::uint16_t>(std::clamp<std::int64_t>(days, 0, 65535));
  return true;
}

void lower_into(std::string_view text, std::string& out) {
  out.assign(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
}

namespace {

// OMOP's concept 0; some downloads and shards leave it out, every CDM refers to it.
bool add_concept_zero(Concepts& concepts) {
  Piece piece;
  KindNumbers kinds;
  Fields row;
  const std::string_view values[] = {"0", "No matching concept", "Metadata", "None",     "Undefined",
                                     "",  "No matching concept", "19700101", "20991231", ""};
  std::copy(std::begin(values), std::end(values), row.at);
  row.count = std::size(values);
  add_row(row, piece, kinds);
  std::unordered_map<std::string, std::uint16_t> none;
  std::vector<std::uint16_t> map;
  if (!merge_kinds(piece, concepts, none, map)) return false;
  Row zero = piece.rows.front();
  zero.text = static_cast<std::uint32_t>(concepts.text.size());
  zero.kind = map.front();
  zero.flags = flag_added;
  concepts.rows.push_back(zero);
  concepts.text.append(piece.text.data(), piece.text.size());
  return true;
}

}  // namespace

Result<Concepts> import_concepts(const SourceTable& table, unsigned threads) {
  Concepts concepts;
  concepts.rows.reserve(table.body().size() / 20 + 16);  // a row has at least nine delimiters, two dates and an id
  concepts.text.reserve(table.body().size() + 256);
  std::unordered_map<std::string, std::uint16_t> kinds;
  std::vector<std::uint16_t> map;
  std::uint64_t lines = 1;
  std::optional<Error> error;
  bool zero = false;
  const auto pieces = table.pieces(piece_size);
  in_order(
      pieces.size(), threads, [&](std::size_t i) { return read_piece(table, pieces[i]); },
      [&](Piece piece) {
        if (piece.damage) error = table.damaged(lines + piece.damage->line, piece.damage->column);
        const bool fits = concepts.text.size() + piece.text.size() < 0xFFFF0000u && concepts.rows.size() + piece.rows.size() < 0x7FFFFFF0u;
        if (!error && (!fits || !merge_kinds(piece, concepts, kinds, map)))
          error = Error{Code::vocabulary_too_large, table.path(), {}, "concept", {}};
        if (error) return false;
        const auto base = static_cast<std::uint32_t>(concepts.text.size());
        for (Row row : piece.rows) {
          row.text += base;
          row.kind = map[row.kind];
          zero = zero || row.id == 0;
          concepts.rows.push_back(row);
        }
        concepts.text.append(piece.text.data(), piece.text.size());
        lines += piece.lines;
        return true;
      });
  if (error) return *error;
  if (!zero && !add_concept_zero(concepts)) return Error{Code::vocabulary_too_large, table.path(), {}, "concept", {}};
  std::vector<std::uint64_t> per_kind(concepts.kinds.size());
  for (const Row& row : concepts.rows.span()) per_kind[row.kind] += (row.flags & flag_added) == 0 ? 1 : 0;
  concepts.per_string.resize(concepts.strings.all().size());
  for (std::size_t i = 0; i < per_kind.size(); ++i) concepts.per_string[concepts.kinds[i].vocabulary] += per_kind[i];
  return concepts;
}

}  // namespace pyojun::vocabulary
