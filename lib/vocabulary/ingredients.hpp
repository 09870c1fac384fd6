// Ingredients of drugs by the ancestors a snapshot keeps: for drug eras, without writing vocabulary tables.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "vocabulary/vocabulary.hpp"

namespace pyojun {

// (drug, ingredient) pairs, ascending and each once: standard concepts of class Ingredient among the ancestors of each drug, and the drug
// itself when it is one. One pass over the ancestors at memory speed, 12 bytes each. A snapshot without ancestors knows ingredients only.
Result<std::vector<std::pair<std::int32_t, std::int32_t>>> ingredients_of(const Vocabulary& vocabulary,
                                                                          std::span<const std::int32_t> drugs);

}  // namespace pyojun
