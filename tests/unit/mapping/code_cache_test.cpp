// Entries of the code cache borrow the names of their code systems: those must stay while more systems come.
#include "mapping/code_cache.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace pyojun::mapping;

TEST_CASE("an entry keeps the name of its code system while other systems are met") {
  CodeCache cache(CacheOptions{});
  const CodeEntry& first = cache.find(cache.system("A0"), "x");
  for (int i = 1; i < 200; ++i) cache.find(cache.system("A" + std::to_string(i)), "x");
  CHECK(first.vocabulary == "A0");
  CHECK(cache.find(cache.system("A7"), "x").vocabulary == "A7");
  CHECK(cache.size() == 200);
}
