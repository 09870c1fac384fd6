#include "warehouse/touched.hpp"

#include <algorithm>

#include "cdm/rows.hpp"
#include "warehouse/settle.hpp"

namespace pyojun {

namespace {

// Persons of the rows of one chunk.
class PersonsOf {
 public:
  PersonsOf(const Schema& schema, const Segment& segment, const ChunkInfo& chunk)
      : segment_(segment), chunk_(chunk), is_person_(chunk.table == schema.find("person")) {
    const ColumnId column = schema.table(chunk.table).find("person_id");
    header_ = is_person_ || column == no_column ? nullptr : segment.column(chunk, column);
  }
  bool any() const { return is_person_ || header_ != nullptr; }
  std::int32_t operator[](std::size_t row) const {
    if (is_person_) return segment_.row_id(chunk_, row);
    const std::size_t at = header_->constant != 0 ? 0 : row;
    switch (static_cast<Storage>(header_->storage)) {
      case Storage::references: {
        const auto ids = segment_.tables_[header_->target].ids;
        const auto slot = segment_.at<std::uint32_t>(header_->at)[at];
        return slot < ids.size() ? ids[slot] : null_integer;
      }
      case Storage::siblings:
        return segment_.lead_id(chunk_.batch, segment_.at<std::uint32_t>(header_->at)[at]);
      default:
        return segment_.at<std::int32_t>(header_->at)[at];
    }
  }

 private:
  const Segment& segment_;
  const ChunkInfo& chunk_;
  bool is_person_;
  const ColumnHeader* header_ = nullptr;
};

class Touched {
 public:
  explicit Touched(const Schema& schema) : schema_(schema) {}

  void add(std::int32_t person) {
    if (person <= 0) return;
    const auto at = static_cast<std::size_t>(person);
    if (persons_.size() <= at) persons_.resize(at + at / 2 + 1);
    persons_[at] = true;
  }
  void all_of(const Segment& segment, const ChunkInfo& chunk) {
    const PersonsOf persons(schema_, segment, chunk);
    if (!persons.any()) return;
    for (std::uint32_t row = 0; row < chunk.rows; ++row) add(persons[row]);
  }
  // Rows that lived in one of the runs only.
  void changed(const Segment& last, const ChunkInfo& before, const Segment& now, const ChunkInfo& after) {
    if (before.dead == 0 && after.dead == 0) return;
    const PersonsOf then(schema_, last, before), today(schema_, now, after);
    if (!then.any()) return;
    for (std::uint32_t row = 0; row < after.rows; ++row) {
      if (last.dead(before, row) == now.dead(after, row)) continue;
      add(then[row]);
      add(today[row]);
    }
  }
  std::vector<std::int32_t> take() const {
    std::vector<std::int32_t> out;
    for (std::size_t i = 0; i < persons_.size(); ++i) {
      if (persons_[i]) out.push_back(static_cast<std::int32_t>(i));
    }
    return out;
  }

 private:
  const Schema& schema_;
  std::vector<bool> persons_;
};

}  // namespace

std::vector<std::int32_t> touched_persons(const Schema& schema, const Segment& last, const Segment& now,
                                          std::span<const std::uint32_t> origins) {
  Touched touched(schema);
  std::vector<bool> carried(last.chunks_.size());
  for (std::size_t number = 0; number < origins.size(); ++number) {
    const ChunkInfo& chunk = now.chunks_[number];
    if (origins[number] == no_origin) {
      touched.all_of(now, chunk);
      continue;
    }
    carried[origins[number]] = true;
    touched.changed(last, last.chunks_[origins[number]], now, chunk);
  }
  for (std::size_t number = 0; number < carried.size(); ++number) {
    if (!carried[number]) touched.all_of(last, last.chunks_[number]);
  }
  const TableId person = schema.find("person");
  const auto before = last.tables_[person].ids, after = now.tables_[person].ids;
  for (std::size_t slot = 1; slot < before.size() && slot < after.size(); ++slot) {
    if (before[slot] == after[slot]) continue;
    touched.add(before[slot]);
    touched.add(after[slot]);
  }
  return touched.take();
}

std::int32_t person_of_row(const Schema& schema, const Segment& segment, TableId table, std::int32_t id) {
  if (schema.table(table).primary_key == no_column || segment.tables_[table].rows == 0) return null_integer;
  const auto place = segment.find_id(table, id);
  if (!place) return null_integer;
  const PersonsOf persons(schema, segment, segment.chunks_[place->chunk]);
  return persons.any() ? persons[place->row] : null_integer;
}

}  // namespace pyojun
