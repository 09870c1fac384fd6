// Entries of the code cache borrow the names of their code systems: those must stay while more systems come.
#include "mapping/code_cache.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "mapping/code_repair.hpp"
#include "mapping/kit.hpp"
#include "vocabulary/resource_csv.hpp"

using namespace pyojun::mapping;

TEST_CASE("an entry keeps the name of its code system while other systems are met") {
  CodeCache cache(CacheOptions{});
  const CodeEntry& first = cache.find(cache.system("A0"), "x");
  for (int i = 1; i < 200; ++i) cache.find(cache.system("A" + std::to_string(i)), "x");
  CHECK(first.vocabulary == "A0");
  CHECK(cache.find(cache.system("A7"), "x").vocabulary == "A7");
  CHECK(cache.size() == 200);
}

TEST_CASE("every declared repair has a pattern") {
  const auto rows = pyojun::vocabulary::resource_csv("schemas/vocabulary/repairs.csv", 4);
  CHECK(rows.size() >= 10);
  CHECK(code_repairs().size() == rows.size());
}

TEST_CASE("a code under the wrong system is found by a declared repair, and graded so: B30") {
  CacheOptions options;
  options.vocabulary = std::make_shared<kit::FakeVocabulary>();
  CodeCache cache(options);
  const CodeEntry& wrong = cache.find(cache.system("LOINC"), " 44054006");
  CHECK(wrong.source_concept == 44054006);
  CHECK(wrong.grade == pyojun::Grade::normalised);
  CHECK(wrong.vocabulary == "LOINC");  // as delivered
  // What does not look like it, what the other vocabulary lacks, and systems without a repair stay unknown.
  CHECK(cache.find(cache.system("LOINC"), "44054").grade == pyojun::Grade::unknown);
  CHECK(cache.find(cache.system("LOINC"), "123456789").grade == pyojun::Grade::unknown);
  CHECK(cache.find(cache.system("TEST"), "44054006").grade == pyojun::Grade::no_system);
}
