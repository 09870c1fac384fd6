#include "base/mapped_guard.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>

namespace pyojun {

namespace {

// Read by a signal handler: no locks, no memory of its own. `begin` 0: free; 1: being filled in.
struct Guarded {
  std::atomic<std::uintptr_t> begin{0}, end{0};
  std::atomic<bool> cut{false};
};
std::array<Guarded, 4096> mappings;
static_assert(std::atomic<std::uintptr_t>::is_always_lock_free);

std::uintptr_t number(const void* at) { return reinterpret_cast<std::uintptr_t>(at); }

Guarded* mapping_at(const void* at) {
  if (at == nullptr) return nullptr;
  for (Guarded& one : mappings) {
    if (one.begin.load() == number(at)) return &one;
  }
  return nullptr;
}

}  // namespace

void guard_mapping(const void* at, std::size_t bytes) {
  for (Guarded& one : mappings) {
    std::uintptr_t free = 0;
    if (!one.begin.compare_exchange_strong(free, 1)) continue;
    one.end = number(at) + bytes;
    one.cut = false;
    one.begin = number(at);
    return;
  }
}

void forget_mapping(const void* at) {
  if (Guarded* const one = mapping_at(at)) one->begin = 0;
}

bool mapping_was_cut(const void* at) {
  const Guarded* const one = mapping_at(at);
  return one != nullptr && one->cut;
}

bool mend_mapping(void* address) {
  const std::uintptr_t at = number(address);
  for (Guarded& one : mappings) {
    const std::uintptr_t begin = one.begin.load(), end = one.end.load();
    if (begin <= 1 || at < begin || at >= end) continue;
    // To the end at once: page by page, a large file would take more mappings than a process may have.
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const std::uintptr_t from = at / page * page;
    one.cut = true;
    void* const zeros = ::mmap(reinterpret_cast<void*>(from), end - from, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    return zeros != MAP_FAILED;
  }
  return false;
}

}  // namespace pyojun
