// Header, column descriptions and pages of a SAS data set. Every position comes from the file, so every one is checked.
#include <algorithm>

#include "readers/sas7bdat.hpp"

namespace pyojun {

namespace {

constexpr std::string_view magic("\0\0\0\0\0\0\0\0\0\0\0\0\xc2\xea\x81\x60\xb3\x14\x11\xcf\xbd\x92\x08\x00\x09\xc7\x31\x8c\x18\x1f\x10\x11",
                                 32);
constexpr std::size_t smallest = 1024, largest = std::size_t{16} << 20;  // of header and pages
constexpr std::size_t most_text = std::size_t{64} << 20;                 // of names, labels and formats

// The first four bytes of a subheader.
constexpr std::uint32_t row_size = 0xF7F7'F7F7, column_size = 0xF6F6'F6F6, counts = 0xFFFF'FC00, column_text = 0xFFFF'FFFD,
                        column_name = 0xFFFF'FFFF, column_attributes = 0xFFFF'FFFC, column_format = 0xFFFF'FBFE;

// Bits of a page's type.
constexpr std::uint64_t kind_mask = 0x0F00, data_page = 0x0100, mixed_page = 0x0200, other_page = 0x9000, has_deleted = 0x0080;

std::uint64_t type_of(const SasShape& shape, SasBytes& page) { return page.number(shape.page_head() - 8, 2); }
bool is_data(std::uint64_t type) { return (type & kind_mask) == data_page; }
bool is_mixed(std::uint64_t type) { return (type & kind_mask) == mixed_page; }

std::uint32_t signature_of(const SasShape& shape, std::string_view bytes) {
  SasBytes look(bytes, shape.big_endian);
  auto out = static_cast<std::uint32_t>(look.number(0, 4));
  // Eight bytes, the telling half last when the file is big-endian.
  if (shape.wide && shape.big_endian && out == 0xFFFF'FFFF) out = static_cast<std::uint32_t>(look.number(4, 4));
  return out;
}

bool describes(std::uint32_t signature) {
  return signature == row_size || signature == column_size || signature == counts || signature == column_format ||
         (signature & 0xFFFF'FFF8) == 0xFFFF'FFF8;
}

struct Pointer {
  std::size_t offset = 0, size = 0;
  std::uint64_t compression = 0, type = 0;
};
constexpr std::uint64_t plain = 0, truncated = 1, packed_row = 4;

// Subheader pointer `i`; nothing when it points out of the page or into the pointers.
std::optional<Pointer> pointer_at(const SasShape& shape, SasBytes& page, std::size_t i, std::size_t count) {
  const std::size_t at = shape.page_head() + i * shape.pointer(), word = shape.word();
  Pointer out;
  out.offset = page.number(at, word);
  out.size = page.number(at + word, word);
  out.compression = page.number(at + 2 * word, 1);
  out.type = page.number(at + 2 * word + 1, 1);
  if (page.bad()) return std::nullopt;
  if (out.size == 0 || out.compression == truncated) return out;
  const bool inside =
      out.offset >= shape.page_head() + count * shape.pointer() && out.offset <= page.size() && out.size <= page.size() - out.offset;
  return inside ? std::optional(out) : std::nullopt;
}

// Where the rows of a mixed page begin: behind the pointers, on a multiple of 8 unless a program that does not keep to it wrote the file.
std::size_t mixed_rows_at(const SasShape& shape, SasBytes& page, std::size_t pointers) {
  const std::size_t at = shape.page_head() + pointers * shape.pointer();
  if (at % 8 != 4) return at;
  const std::uint64_t fill = page.number(at, 4);
  return fill == 0 || fill == 0x2020'2020 ? at + 4 : at;
}

}  // namespace

std::uint64_t SasBytes::number(std::size_t at, std::size_t width) {
  if (at > bytes_.size() || width > bytes_.size() - at) return bad_ = true, 0;
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < width; ++i) {
    out = out << 8 | static_cast<unsigned char>(bytes_[at + (big_endian_ ? i : width - 1 - i)]);
  }
  return out;
}

std::string_view SasBytes::text(std::size_t at, std::size_t size) {
  if (at > bytes_.size() || size > bytes_.size() - at) return bad_ = true, std::string_view();
  return bytes_.substr(at, size);
}

std::optional<SasShape> sas_shape(std::string_view head) {
  if (!head.starts_with(magic) || head.size() < sas_head_bytes) return std::nullopt;
  SasShape out;
  out.wide = head[32] == '3';
  const std::size_t shift = head[35] == '3' ? 4 : 0;  // dates and sizes stand behind four bytes of fill
  const char order = head[37];
  if (order != 0 && order != 1) return std::nullopt;
  out.big_endian = order == 0;
  out.encoding = static_cast<std::uint8_t>(head[70]);
  SasBytes bytes(head, out.big_endian);
  out.header = bytes.number(196 + shift, 4);
  out.page = bytes.number(200 + shift, 4);
  const auto fits = [](std::size_t size) { return size >= smallest && size <= largest; };
  return fits(out.header) && fits(out.page) ? std::optional(out) : std::nullopt;
}

bool sas_holds_descriptions(const SasShape& shape, std::string_view page) {
  SasBytes bytes(page, shape.big_endian);
  const std::uint64_t type = type_of(shape, bytes);
  return !is_data(type) && (type & other_page) == 0;
}

void SasDescriber::page(std::string_view page) {
  const SasShape& shape = layout_.shape;
  if (!sas_holds_descriptions(shape, page)) return;
  SasBytes bytes(page, shape.big_endian);
  const std::size_t count = bytes.number(shape.page_head() - 4, 2);
  for (std::size_t i = 0; i < count && !bad_; ++i) {
    const auto pointer = pointer_at(shape, bytes, i, count);
    if (!pointer) return void(bad_ = true);
    if (pointer->size == 0 || pointer->compression != plain) continue;
    subheader(page.substr(pointer->offset, pointer->size));
  }
}

SasDescriber::TextRef SasDescriber::text_ref(SasBytes& bytes, std::size_t at) const {
  return {bytes.number(at, 2), bytes.number(at + 2, 2), bytes.number(at + 4, 2)};
}

void SasDescriber::subheader(std::string_view bytes) {
  const SasShape& shape = layout_.shape;
  const std::size_t word = shape.word();
  SasBytes in(bytes, shape.big_endian);
  const std::uint32_t signature = signature_of(shape, bytes);
  // Names and attributes come as a list behind 8 bytes, with 12 bytes and a word of other things behind it.
  const auto entries = [&](std::size_t each) { return bytes.size() < 2 * word + 12 ? 0 : (bytes.size() - 2 * word - 12) / each; };
  if (signature == row_size) {
    layout_.row_bytes = in.number(5 * word, word);
    layout_.rows = in.number(6 * word, word);
    layout_.mixed_rows = in.number(15 * word, word);
    sized_ = true;
  } else if (signature == column_size) {
    columns_ = in.number(word, word);
  } else if (signature == column_text) {
    texts_.emplace_back(in.text(word, bytes.size() - std::min(word, bytes.size())));
    text_bytes_ += texts_.back().size();
  } else if (signature == column_name) {
    for (std::size_t i = 0; i < entries(8); ++i) names_.push_back(text_ref(in, word + 8 + i * 8));
  } else if (signature == column_attributes) {
    for (std::size_t i = 0; i < entries(word + 8); ++i) {
      const std::size_t at = word + 8 + i * (word + 8);
      SasColumn column;
      column.offset = in.number(at, word);
      column.width = in.number(at + word, 4);
      column.value = in.number(at + word + 6, 1) == 2 ? SasValue::text : SasValue::number;
      attributes_.push_back(std::move(column));
    }
  } else if (signature == column_format) {
    formats_.push_back(text_ref(in, 3 * word + 22));
  }
  const std::size_t most = limits_.columns;
  if (in.bad() || text_bytes_ > most_text || names_.size() > 2 * most || attributes_.size() > 2 * most || formats_.size() > 2 * most)
    bad_ = true;
}

bool SasDescriber::complete() const {
  return bad_ || (sized_ && columns_ != 0 && names_.size() >= columns_ && attributes_.size() >= columns_ && formats_.size() >= columns_);
}

std::optional<std::string> SasDescriber::text_of(const TextRef& ref) const {
  if (ref.size == 0) return std::string();
  if (ref.block >= texts_.size()) return std::nullopt;
  const std::string& text = texts_[ref.block];
  if (ref.offset > text.size() || ref.size > text.size() - ref.offset) return std::nullopt;
  return std::string(trim(std::string_view(text).substr(ref.offset, ref.size)));
}

std::optional<Code> SasDescriber::finish() {
  if (columns_ > limits_.columns) return Code::too_many_columns;
  if (bad_ || !sized_ || columns_ == 0 || names_.size() < columns_ || attributes_.size() < columns_) return Code::sas_damaged;
  if (layout_.row_bytes == 0 || layout_.row_bytes > limits_.record_bytes) return Code::sas_damaged;
  for (std::size_t i = 0; i < columns_; ++i) {
    SasColumn column = attributes_[i];
    auto name = text_of(names_[i]);
    auto format = i < formats_.size() ? text_of(formats_[i]) : std::string();
    if (!name || !format) return Code::sas_damaged;
    const bool number = column.value == SasValue::number;
    const bool fits = column.width >= (number ? 2 : 1) && column.width <= (number ? 8 : 32767) && column.offset <= layout_.row_bytes &&
                      column.width <= layout_.row_bytes - column.offset;
    if (!fits) return Code::sas_damaged;
    column.name = std::move(*name);
    column.format = std::move(*format);
    if (number) column.value = sas_value_of_format(column.format);
    layout_.columns.push_back(std::move(column));
  }
  const std::string_view first = texts_.empty() ? std::string_view() : std::string_view(texts_.front());
  if (first.find("SASYZCRL") != std::string_view::npos) layout_.packing = SasPacking::run_length;
  if (first.find("SASYZCR2") != std::string_view::npos) layout_.packing = SasPacking::ross;
  return std::nullopt;
}

namespace {

// Rows side by side from `at`. Those whose bit is set in the map behind them are deleted: its place is what parso found.
bool side_by_side(const SasLayout& layout, SasBytes& page, std::size_t at, std::uint64_t count, bool marks, std::vector<SasRow>& rows,
                  std::uint64_t& deleted) {
  const std::size_t head = layout.shape.page_head();
  std::string_view map;
  if (marks) {
    const std::size_t behind =
        page.number(layout.shape.wide ? 24 : 12, 4) + (at - head) + (at - head) % 8 + count * layout.row_bytes + head;
    map = page.text(behind, (count + 7) / 8);
    if (page.bad()) return false;
  }
  for (std::uint64_t i = 0; i < count; ++i, at += layout.row_bytes) {
    if (at > page.size() || layout.row_bytes > page.size() - at) return false;
    const bool gone = !map.empty() && (static_cast<unsigned char>(map[i / 8]) >> (7 - i % 8) & 1U) != 0;
    if (gone) {
      ++deleted;
    } else {
      rows.push_back({at, layout.row_bytes, false});
    }
  }
  return true;
}

}  // namespace

bool sas_rows(const SasLayout& layout, std::string_view page, std::vector<SasRow>& rows, std::uint64_t& deleted) {
  const SasShape& shape = layout.shape;
  rows.clear();
  SasBytes bytes(page, shape.big_endian);
  const std::uint64_t type = type_of(shape, bytes), marks = type & has_deleted;
  const std::size_t blocks = bytes.number(shape.page_head() - 6, 2), count = bytes.number(shape.page_head() - 4, 2);
  if (is_data(type)) return side_by_side(layout, bytes, shape.page_head(), blocks, marks != 0, rows, deleted);
  if ((type & other_page) != 0) return true;
  for (std::size_t i = 0; i < count; ++i) {
    const auto pointer = pointer_at(shape, bytes, i, count);
    if (!pointer) return false;
    if (pointer->size == 0 || pointer->compression == truncated) continue;
    if (pointer->compression == packed_row) {
      rows.push_back({pointer->offset, pointer->size, true});
    } else if (pointer->compression != plain) {
      return false;
    } else if (pointer->type == 1 && !describes(signature_of(shape, page.substr(pointer->offset, pointer->size)))) {
      if (pointer->size != layout.row_bytes) return false;
      rows.push_back({pointer->offset, pointer->size, false});
    }
  }
  if (!is_mixed(type)) return true;
  const std::uint64_t mixed = std::min(layout.mixed_rows, layout.rows);
  return side_by_side(layout, bytes, mixed_rows_at(shape, bytes, count), mixed, marks != 0, rows, deleted) && !bytes.bad();
}

}  // namespace pyojun
