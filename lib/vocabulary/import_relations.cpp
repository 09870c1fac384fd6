// CONCEPT_RELATIONSHIP.csv and CONCEPT_ANCESTOR.csv: what lookups need goes to maps, everything goes to column blocks for SQL.
#include <algorithm>

#include "vocabulary/builder.hpp"
#include "vocabulary/column_file.hpp"
#include "vocabulary/hash_table.hpp"
#include "vocabulary/in_order.hpp"

namespace pyojun::vocabulary {

namespace {

constexpr std::size_t piece_size = std::size_t{4} << 20;

// Relationship names of one piece. A file has some hundred of them, most rows use a few: a direct-mapped memory answers nearly all.
class Names {
 public:
  std::uint16_t number(std::string_view text) {
    const std::size_t mix =
        text.empty() ? 0 : text.size() * 37 + static_cast<unsigned char>(text.back()) * 5 + static_cast<unsigned char>(text.front());
    Known& known = known_[mix & 255];
    if (known.text == text) return known.number;
    const std::uint16_t number = table_.number(text);
    known = {text, number};
    return number;
  }
  const std::vector<std::string>& all() const { return table_.all(); }

 private:
  struct Known {
    std::string_view text{"\0", 1};  // no relationship's name
    std::uint16_t number = 0;
  };
  Known known_[256];
  StringTable table_;
};

struct Piece {
  std::vector<MapPair> maps;
  RelationshipColumns columns;
  std::vector<std::string> names;
  std::uint64_t rows = 0, lines = 0;
  std::optional<Damage> damage;
};

// Days are the same few in millions of rows.
class Days {
 public:
  bool read(std::string_view text, std::uint16_t& day) {
    if (text != text_) {
      if (!parse_day(text, day_)) return false;
      text_ = text;
    }
    day = day_;
    return true;
  }

 private:
  std::string text_;
  std::uint16_t day_ = 0;
};

Piece read_piece(const SourceTable& table, std::string_view bytes, bool columns) {
  Piece piece;
  Names names;
  Days starts, ends;
  auto& out = piece.columns;
  if (columns) {
    const std::size_t about = bytes.size() / 40;
    out.from.reserve(about), out.to.reserve(about), out.relationship.reserve(about);
    out.valid_start.reserve(about), out.valid_end.reserve(about), out.invalid_reason.reserve(about);
  }
  const auto use = [&](const Fields& row) -> std::string_view {
    std::int32_t from = 0, to = 0;
    std::uint16_t start = 0, end = 0;
    if (!parse_id(row.at[0], from)) return "concept_id_1";
    if (!parse_id(row.at[1], to)) return "concept_id_2";
    if (!starts.read(row.at[3], start)) return "valid_start_date";
    if (!ends.read(row.at[4], end)) return "valid_end_date";
    const std::string_view name = row.at[2];
    if (row.at[5].empty() && name.starts_with("Maps to")) {
      const bool value = name == "Maps to value";
      if (value || (from != to && name == "Maps to")) piece.maps.push_back({from, to, value});
    }
    ++piece.rows;
    if (!columns) return {};
    const std::uint16_t number = names.number(name);
    if (number == 0xFFFF) return "relationship_id";
    out.from.push_back(from);
    out.to.push_back(to);
    out.relationship.push_back(number);
    out.valid_start.push_back(start);
    out.valid_end.push_back(end);
    out.invalid_reason.push_back(row.at[5].empty() ? '\0' : row.at[5][0]);
    return {};
  };
  piece.damage = table.each(bytes, use, &piece.lines);
  piece.names = names.all();
  return piece;
}

// Puts the piece's block together with file-wide relationship numbers.
bool make_block(Piece& piece, StringTable& names, std::string& block) {
  std::vector<std::uint16_t> map;
  for (const auto& name : piece.names) map.push_back(names.number(name));
  if (std::find(map.begin(), map.end(), 0xFFFF) != map.end()) return false;
  auto& columns = piece.columns;
  for (auto& number : columns.relationship) number = map[number];
  block.clear();
  append_head(block, columns.from.size(), RelationshipColumns::width);
  append_column(block, columns.from);
  append_column(block, columns.to);
  append_column(block, columns.relationship);
  append_column(block, columns.valid_start);
  append_column(block, columns.valid_end);
  append_column(block, columns.invalid_reason);
  return true;
}

struct AncestorPiece {
  std::string block;
  std::uint64_t rows = 0, lines = 0;
  std::optional<Damage> damage;
};

AncestorPiece read_ancestors(const SourceTable& table, std::string_view bytes, bool columns) {
  AncestorPiece piece;
  AncestorColumns out;
  const auto use = [&](const Fields& row) -> std::string_view {
    std::int32_t ancestor = 0, descendant = 0, least = 0, most = 0;
    if (!parse_id(row.at[0], ancestor)) return "ancestor_concept_id";
    if (!parse_id(row.at[1], descendant)) return "descendant_concept_id";
    if (!parse_id(row.at[2], least) || least > 65535) return "min_levels_of_separation";
    if (!parse_id(row.at[3], most) || most > 65535) return "max_levels_of_separation";
    ++piece.rows;
    if (!columns) return {};
    out.ancestor.push_back(ancestor);
    out.descendant.push_back(descendant);
    out.min_levels.push_back(static_cast<std::uint16_t>(least));
    out.max_levels.push_back(static_cast<std::uint16_t>(most));
    return {};
  };
  piece.damage = table.each(bytes, use, &piece.lines);
  if (columns && !piece.damage) {
    append_head(piece.block, out.ancestor.size(), AncestorColumns::width);
    append_column(piece.block, out.ancestor);
    append_column(piece.block, out.descendant);
    append_column(piece.block, out.min_levels);
    append_column(piece.block, out.max_levels);
  }
  return piece;
}

}  // namespace

Result<Relations> import_relationships(const SourceTable& table, unsigned threads, const BlockSink& sink) {
  Relations result;
  StringTable names;
  std::string block;
  std::uint64_t lines = 1;
  std::optional<Error> error;
  const auto pieces = table.pieces(piece_size);
  in_order(
      pieces.size(), threads, [&](std::size_t i) { return read_piece(table, pieces[i], static_cast<bool>(sink)); },
      [&](Piece piece) {
        if (piece.damage) error = table.damaged(lines + piece.damage->line, piece.damage->column);
        if (!error && sink) {
          if (!make_block(piece, names, block)) error = Error{Code::vocabulary_too_large, table.path(), {}, "relationship_id", {}};
          if (!error && piece.rows != 0) {
            if (auto status = sink(block); !status) error = status.error();
          }
        }
        if (error) return false;
        result.maps.insert(result.maps.end(), piece.maps.begin(), piece.maps.end());
        result.count += piece.rows;
        lines += piece.lines;
        return true;
      });
  if (error) return *error;
  result.names = names.all();
  return result;
}

Result<std::uint64_t> import_ancestors(const SourceTable& table, unsigned threads, const BlockSink& sink) {
  std::uint64_t count = 0, lines = 1;
  std::optional<Error> error;
  const auto pieces = table.pieces(piece_size);
  in_order(
      pieces.size(), threads, [&](std::size_t i) { return read_ancestors(table, pieces[i], static_cast<bool>(sink)); },
      [&](AncestorPiece piece) {
        if (piece.damage) error = table.damaged(lines + piece.damage->line, piece.damage->column);
        if (!error && sink && piece.rows != 0) {
          if (auto status = sink(piece.block); !status) error = status.error();
        }
        count += piece.rows;
        lines += piece.lines;
        return !error;
      });
  if (error) return *error;
  return count;
}

namespace {

struct Resolved {
  std::uint32_t row = 0;
  std::int32_t to = 0;
  bool value = false;
  auto key() const { return std::tuple(value, row, to); }
};

// Rows of the pairs whose source is there and whose target is valid and standard. Ids are looked up a batch at a time.
std::vector<Resolved> resolve(const Concepts& concepts, const Indexes& indexes, const std::vector<MapPair>& maps) {
  constexpr std::size_t batch = 32;
  std::vector<Resolved> result;
  result.reserve(maps.size());
  const auto slot = [&](std::int32_t id) { return &indexes.ids[home_of(hash_id(id), indexes.ids.size())]; };
  const auto row = [&](std::int32_t id) {
    const std::uint32_t at = *slot(id);
    if (at != 0) __builtin_prefetch(&concepts.rows[at - 1]);
  };
  for (std::size_t from = 0; from < maps.size(); from += batch) {
    const std::size_t to = std::min(maps.size(), from + batch);
    for (std::size_t i = from; i < to; ++i) __builtin_prefetch(slot(maps[i].from)), __builtin_prefetch(slot(maps[i].to));
    for (std::size_t i = from; i < to; ++i) row(maps[i].from), row(maps[i].to);
    for (std::size_t i = from; i < to; ++i) {
      const std::uint32_t source = row_of(indexes, concepts, maps[i].from), target = row_of(indexes, concepts, maps[i].to);
      if (source == no_row || target == no_row || !concepts.standard(concepts.rows[target])) continue;
      result.push_back({source, maps[i].to, maps[i].value});
    }
  }
  return result;
}

std::uint32_t append_group(std::vector<std::uint32_t>& more, const std::vector<std::uint32_t>& ids) {
  const auto at = static_cast<std::uint32_t>(more.size());
  more.push_back(static_cast<std::uint32_t>(ids.size()));
  more.insert(more.end(), ids.begin(), ids.end());
  return at;
}

}  // namespace

Targets resolve_targets(Concepts& concepts, const Indexes& indexes, const std::vector<MapPair>& maps) {
  Targets targets;
  const std::size_t rows = concepts.rows.size();
  targets.single.reserve(rows);
  targets.single.resize(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    if (concepts.standard(concepts.rows[i])) targets.single[i] = static_cast<std::uint32_t>(concepts.rows[i].id);
  }
  auto pairs = resolve(concepts, indexes, maps);
  std::sort(pairs.begin(), pairs.end(), [](const Resolved& a, const Resolved& b) { return a.key() < b.key(); });
  std::vector<std::uint32_t> group;
  for (std::size_t from = 0; from < pairs.size();) {
    const Resolved& first = pairs[from];
    group.clear();
    if (!first.value && targets.single[first.row] != 0) group.push_back(targets.single[first.row]);
    for (; from < pairs.size() && pairs[from].row == first.row && pairs[from].value == first.value; ++from) {
      group.push_back(static_cast<std::uint32_t>(pairs[from].to));
    }
    std::sort(group.begin(), group.end());
    group.erase(std::unique(group.begin(), group.end()), group.end());
    if (first.value) {
      concepts.rows[first.row].flags |= flag_has_value;
      targets.values.push_back({concepts.rows[first.row].id, append_group(targets.more, group)});
    } else {
      targets.single[first.row] = group.size() == 1 ? group.front() : many_bit | append_group(targets.more, group);
    }
  }
  std::sort(targets.values.begin(), targets.values.end(), [](const ValueEntry& a, const ValueEntry& b) { return a.id < b.id; });
  return targets;
}

}  // namespace pyojun::vocabulary
