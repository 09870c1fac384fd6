// UTF-16 files: a stream that shows them as UTF-8, so that one splitter and one parser serve all encodings.
#include <algorithm>
#include <cstring>

#include "readers/delimited.hpp"

namespace pyojun {

namespace {

constexpr std::size_t step = std::size_t{256} << 10;

class Utf16Stream final : public ByteStream {
 public:
  Utf16Stream(std::unique_ptr<ByteStream> stream, bool big_endian, std::shared_ptr<bool> cut)
      : stream_(std::move(stream)), big_endian_(big_endian), cut_(std::move(cut)) {}

  std::span<const char> view() const override { return {text_.data() + from_, text_.size() - from_}; }
  std::uint64_t position() const override { return position_; }
  bool mapped() const override { return false; }
  std::shared_ptr<const void> keep() const override { return nullptr; }
  void consume(std::size_t bytes) override {
    from_ += bytes;
    position_ += bytes;
  }
  Result<bool> fill(std::size_t want) override {
    if (view().size() >= want) return true;
    text_.erase(0, from_);
    from_ = 0;
    while (text_.size() < want && !ended_) {
      const auto more = stream_->fill(step);
      if (!more) return more.error();
      const auto units = stream_->view();
      const auto piece = units.first(std::min(units.size(), step));
      ended_ = !*more && piece.size() == units.size();
      stream_->consume(append_utf16(text_, {piece.data(), piece.size()}, big_endian_, ended_));
      if (ended_ && !stream_->view().empty()) *cut_ = true;
    }
    return text_.size() >= want;
  }

 private:
  std::unique_ptr<ByteStream> stream_;
  bool big_endian_, ended_ = false;
  std::shared_ptr<bool> cut_;
  std::string text_;
  std::size_t from_ = 0;
  std::uint64_t position_ = 0;
};

}  // namespace

std::unique_ptr<ByteStream> utf16_stream(std::unique_ptr<ByteStream> stream, bool big_endian, std::shared_ptr<bool> cut) {
  return std::make_unique<Utf16Stream>(std::move(stream), big_endian, std::move(cut));
}

}  // namespace pyojun
