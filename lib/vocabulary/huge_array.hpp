// A fixed-capacity array on huge pages where the kernel has them: random access over hundreds of megabytes then misses the TLB less.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstring>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

namespace pyojun::vocabulary {

// Zero-filled. Memory is taken when touched, so a generous capacity costs address space only. Throws bad_alloc.
template <class T>
class HugeArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  HugeArray() = default;
  explicit HugeArray(std::size_t capacity) { reserve(capacity); }
  HugeArray(HugeArray&& other) noexcept { swap(other); }
  HugeArray& operator=(HugeArray&& other) noexcept {
    swap(other);
    return *this;
  }
  HugeArray(const HugeArray&) = delete;
  HugeArray& operator=(const HugeArray&) = delete;
  ~HugeArray() {
    if (data_ != nullptr) ::munmap(data_, bytes());
  }

  // Only on an empty array.
  void reserve(std::size_t capacity) {
    if (capacity == 0) return;
    capacity_ = capacity;
    void* data = ::mmap(nullptr, bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (data == MAP_FAILED) throw std::bad_alloc();
    ::madvise(data, bytes(), MADV_HUGEPAGE);
    data_ = static_cast<T*>(data);
  }
  void resize(std::size_t size) {
    if (size > capacity_) throw std::bad_alloc();
    size_ = size;
  }
  void push_back(const T& value) {
    if (size_ == capacity_) throw std::bad_alloc();
    data_[size_++] = value;
  }
  void append(const T* from, std::size_t count) {
    if (count > capacity_ - size_) throw std::bad_alloc();
    if (count != 0) std::memcpy(data_ + size_, from, count * sizeof(T));
    size_ += count;
  }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  std::size_t size() const { return size_; }
  std::span<const T> span() const { return {data_, size_}; }
  std::string_view raw() const { return {reinterpret_cast<const char*>(data_), size_ * sizeof(T)}; }

 private:
  std::size_t bytes() const { return capacity_ * sizeof(T); }
  void swap(HugeArray& other) {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }
  T* data_ = nullptr;
  std::size_t size_ = 0, capacity_ = 0;
};

}  // namespace pyojun::vocabulary
