// A plain array that grows in place (mmap and mremap): no second copy while it grows, untouched pages cost nothing.
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace pyojun {

// Elements are plain data and start as zero bytes. Throws std::bad_alloc when the system has no memory left.
template <class T>
class GrowingArray {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  GrowingArray() = default;
  GrowingArray(GrowingArray&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)), bytes_(std::exchange(other.bytes_, 0)) {}
  GrowingArray& operator=(GrowingArray&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~GrowingArray() { release(); }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }

  void push_back(const T& value) {
    if ((size_ + 1) * sizeof(T) > bytes_) reserve(std::max<std::size_t>(size_ + size_ / 4, 1024));
    data_[size_++] = value;
  }
  void resize(std::size_t size) {
    if (size * sizeof(T) > bytes_) reserve(size);
    size_ = size;
  }
  void reserve(std::size_t size) {
    const std::size_t page = 65536;
    const std::size_t bytes = (size * sizeof(T) + page) / page * page;
    if (bytes <= bytes_) return;
    void* const at = data_ == nullptr ? ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                                      : ::mremap(data_, bytes_, bytes, MREMAP_MAYMOVE);
    if (at == MAP_FAILED) throw std::bad_alloc();
    if (bytes >= large) (void)::madvise(at, bytes, MADV_HUGEPAGE);  // looked up all over: fewer misses of the page tables
    data_ = static_cast<T*>(at);
    bytes_ = bytes;
  }
  void release() {
    if (data_ != nullptr) ::munmap(data_, bytes_);
    data_ = nullptr;
    size_ = bytes_ = 0;
  }

 private:
  static constexpr std::size_t large = std::size_t{8} << 20;
  T* data_ = nullptr;
  std::size_t size_ = 0, bytes_ = 0;
};

}  // namespace pyojun
