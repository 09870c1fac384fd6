// The mapped sections of a snapshot as spans.
#include "vocabulary/snapshot_view.hpp"

#include <filesystem>

#include "vocabulary/hash_table.hpp"
#include "vocabulary/snapshot_file.hpp"

namespace pyojun::vocabulary {

namespace {

template <class T>
std::span<const T> array_of(std::string_view bytes, const Header& header, SectionId id) {
  const Section& section = header.sections[static_cast<std::size_t>(id)];
  return {reinterpret_cast<const T*>(bytes.data() + section.offset), static_cast<std::size_t>(section.bytes / sizeof(T))};
}

std::string_view text_of(std::string_view bytes, const Header& header, SectionId id) {
  const Section& section = header.sections[static_cast<std::size_t>(id)];
  return bytes.substr(section.offset, section.bytes);
}

}  // namespace

Result<SnapshotView> SnapshotView::open(const std::string& folder) {
  const std::string path = (std::filesystem::path(folder) / snapshot_file).string();
  auto file = MappedFile::open(path);
  if (!file) return Error{Code::vocabulary_not_a_snapshot, folder, {}, folder, file.error().detail};
  const std::string_view bytes((*file)->bytes().data(), (*file)->bytes().size());
  const auto header = read_header(bytes, path);
  if (!header) return header.error();
  SnapshotView view;
  view.file = *file;
  view.rows = array_of<Row>(bytes, *header, SectionId::rows);
  view.text = text_of(bytes, *header, SectionId::text);
  view.codes = array_of<Slot>(bytes, *header, SectionId::codes);
  view.ids = array_of<std::uint32_t>(bytes, *header, SectionId::ids);
  view.names = array_of<Slot>(bytes, *header, SectionId::names);
  view.targets = array_of<std::uint32_t>(bytes, *header, SectionId::targets);
  view.more = array_of<std::uint32_t>(bytes, *header, SectionId::more_targets);
  view.values = array_of<ValueEntry>(bytes, *header, SectionId::values);
  view.kinds = array_of<Kind>(bytes, *header, SectionId::kinds);
  view.info = text_of(bytes, *header, SectionId::info);
  view.synonyms = array_of<SynonymEntry>(bytes, *header, SectionId::synonyms);
  view.synonym_text = text_of(bytes, *header, SectionId::synonym_text);
  if (view.rows.size() != header->concepts || view.targets.size() != view.rows.size()) {
    return Error{Code::vocabulary_snapshot_damaged, path, {}, "rows", {}};
  }
  const std::string_view strings = text_of(bytes, *header, SectionId::strings);
  for (std::size_t at = 0; at + 2 <= strings.size();) {
    view.strings.push_back(counted(strings, at));
    at += 2 + view.strings.back().size();
  }
  return view;
}

std::uint32_t SnapshotView::row_of(std::int32_t id) const {
  if (ids.empty() || id < 0) return no_row;
  std::size_t at = home_of(hash_id(id), ids.size());
  for (std::size_t probes = 0; probes < ids.size() && ids[at] != 0; ++probes) {
    const std::uint32_t row = ids[at] - 1;
    if (row < rows.size() && rows[row].id == id) return row;
    if (++at == ids.size()) at = 0;
  }
  return no_row;
}

ConceptView SnapshotView::view(const Row& row) const {
  const Kind shared = kind(row);
  ConceptView result;
  result.id = row.id;
  result.name = name(row);
  result.code = code(row);
  result.domain = string(shared.domain);
  result.vocabulary = string(shared.vocabulary);
  result.concept_class = string(shared.concept_class);
  result.standard = shared.standard;
  result.invalid_reason = valid(row) ? '\0' : (row.flags & flag_updated) != 0 ? 'U' : 'D';
  result.valid_start = row.valid_start + day_base;
  result.valid_end = row.valid_end + day_base;
  return result;
}

std::span<const std::int32_t> SnapshotView::group(std::size_t index) const {
  if (index >= more.size() || more[index] > more.size() - index - 1) return {};
  return {reinterpret_cast<const std::int32_t*>(more.data()) + index + 1, more[index]};
}

}  // namespace pyojun::vocabulary
