#include "vocabulary/ingredients.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <unordered_map>

#include "base/mapped_file.hpp"
#include "vocabulary/column_file.hpp"
#include "vocabulary/sql_tables.hpp"

namespace pyojun {

namespace {

using Pairs = std::vector<std::pair<std::int32_t, std::int32_t>>;

// Is a concept a standard ingredient? Asked again and again of the same few.
class IngredientClass {
 public:
  explicit IngredientClass(const Vocabulary& vocabulary) : vocabulary_(vocabulary) {}
  bool operator()(std::int32_t id) {
    const auto [at, fresh] = known_.try_emplace(id, false);
    if (fresh) {
      const auto found = vocabulary_.concept_of(id);
      at->second = found && found->standard == 'S' && found->concept_class == "Ingredient";
    }
    return at->second;
  }

 private:
  const Vocabulary& vocabulary_;
  std::unordered_map<std::int32_t, bool> known_;
};

// Set of ids as bits.
std::vector<bool> bits_of(std::span<const std::int32_t> ids) {
  std::vector<bool> out;
  for (const std::int32_t id : ids) {
    if (id < 0) continue;
    if (out.size() <= static_cast<std::size_t>(id)) out.resize(static_cast<std::size_t>(id) + 1);
    out[static_cast<std::size_t>(id)] = true;
  }
  return out;
}

}  // namespace

Result<Pairs> ingredients_of(const Vocabulary& vocabulary, std::span<const std::int32_t> drugs) {
  namespace parts = pyojun::vocabulary;
  IngredientClass ingredient(vocabulary);
  Pairs out;
  for (const std::int32_t drug : drugs) {
    if (ingredient(drug)) out.emplace_back(drug, drug);
  }
  const std::string path = (std::filesystem::path(vocabulary.sql_folder()).parent_path() / parts::ancestor_columns_file).string();
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) {
    auto file = MappedFile::open(path);
    if (!file) return file.error();
    const std::string_view bytes((*file)->bytes().data(), (*file)->bytes().size());
    const auto wanted = bits_of(drugs);
    for (std::size_t at = 0; at < bytes.size();) {
      parts::BlockHead head;
      if (bytes.size() - at < sizeof head) return Error{Code::vocabulary_snapshot_damaged, path, {}, path, {}};
      std::memcpy(&head, bytes.data() + at, sizeof head);
      at += sizeof head;
      const std::size_t size = std::size_t{head.rows} * head.width;
      if (head.width != parts::AncestorColumns::width || size > bytes.size() - at)
        return Error{Code::vocabulary_snapshot_damaged, path, {}, path, {}};
      std::vector<std::int32_t> ancestors(head.rows), descendants(head.rows);
      std::memcpy(ancestors.data(), bytes.data() + at, head.rows * sizeof(std::int32_t));
      std::memcpy(descendants.data(), bytes.data() + at + head.rows * sizeof(std::int32_t), head.rows * sizeof(std::int32_t));
      for (std::size_t i = 0; i < head.rows; ++i) {
        const auto drug = static_cast<std::size_t>(descendants[i]);
        if (drug < wanted.size() && wanted[drug] && ingredient(ancestors[i])) out.emplace_back(descendants[i], ancestors[i]);
      }
      at += size;
    }
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace pyojun
