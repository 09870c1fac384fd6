// The bytes of an XML document as UTF-8 text: byte order mark, UTF-16 by its zero bytes, the encoding of the declaration, else UTF-8.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/charset.hpp"
#include "base/codes.hpp"

namespace pyojun {

class XmlText {
 public:
  // `bytes` is the whole document and outlives this. UTF-8 is not copied.
  explicit XmlText(std::string_view bytes);

  // Code::count when the document could be decoded; else why not, with failed_at() in bytes of the source.
  Code failed() const { return failed_; }
  std::size_t failed_at() const { return failed_at_; }

  std::string_view text() const { return charset_ ? std::string_view(decoded_) : bytes_.substr(mark_); }
  // Bytes of the source before position `at` of text().
  std::size_t source_offset(std::size_t at) const { return mark_ + (charset_ ? charset_->source_bytes(bytes_.substr(mark_), at) : at); }
  bool decoded() const { return charset_.has_value(); }  // text() is a copy that take() moves out
  std::string& store() { return decoded_; }

 private:
  std::string_view bytes_;
  std::size_t mark_ = 0;  // byte order mark
  std::optional<Charset> charset_;
  std::string decoded_;
  Code failed_ = Code::count;
  std::size_t failed_at_ = 0;
};

// What the head of a document says of its encoding: "utf-8", "utf-16le", the label of the declaration ("" when there is none).
std::string_view xml_encoding_of(std::string_view head, std::size_t& mark_bytes);

}  // namespace pyojun
