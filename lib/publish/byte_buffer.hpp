// Bytes that are about to be written: grows without zeroing what nobody reads, keeps its memory when it is reused.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace pyojun {

class ByteBuffer {
 public:
  // Makes room for `bytes` more and returns where to write them; advance() says how many were written.
  char* room(std::size_t bytes) {
    if (capacity_ - size_ < bytes) grow(bytes);
    return data_.get() + size_;
  }
  void advance(std::size_t bytes) { size_ += bytes; }
  void append(std::string_view text) {
    if (text.empty()) return;
    std::memcpy(room(text.size()), text.data(), text.size());
    size_ += text.size();
  }
  void clear() { size_ = 0; }
  std::string_view view() const { return {data_.get(), size_}; }

 private:
  void grow(std::size_t bytes) {
    const std::size_t wanted = size_ + bytes > 2 * capacity_ ? size_ + bytes : 2 * capacity_;
    auto bigger = std::make_unique_for_overwrite<char[]>(wanted);
    if (size_ != 0) std::memcpy(bigger.get(), data_.get(), size_);
    data_ = std::move(bigger);
    capacity_ = wanted;
  }

  std::unique_ptr<char[]> data_;
  std::size_t size_ = 0, capacity_ = 0;
};

}  // namespace pyojun
