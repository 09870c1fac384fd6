// The parts of the reader for SAS data sets (.sas7bdat): header and column descriptions, pages, rows. See docs/formats/sas7bdat.md.
// The format is not published. What is known was found by Shotwell and Yu ("SAS7BDAT Database Binary Format", 2013) and by the authors
// of the public readers ReadStat, parso and pandas.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/charset.hpp"
#include "base/text.hpp"
#include "readers/reader.hpp"

namespace pyojun {

// Bytes of a header, page or subheader. Reading beyond the end gives zeros and makes the whole span `bad`.
class SasBytes {
 public:
  SasBytes(std::string_view bytes, bool big_endian) : bytes_(bytes), big_endian_(big_endian) {}
  // `width` 1, 2, 4 or 8 bytes.
  std::uint64_t number(std::size_t at, std::size_t width);
  std::string_view text(std::size_t at, std::size_t size);
  bool bad() const { return bad_; }
  std::size_t size() const { return bytes_.size(); }

 private:
  std::string_view bytes_;
  bool big_endian_, bad_ = false;
};

// What the file's header says. All sizes in bytes.
struct SasShape {
  bool wide = false;  // 64-bit layout
  bool big_endian = false;
  std::size_t header = 0, page = 0;
  std::uint8_t encoding = 0;  // SAS's number of the encoding
  std::size_t word() const { return wide ? 8 : 4; }
  std::size_t page_head() const { return wide ? 40 : 24; }
  std::size_t pointer() const { return wide ? 24 : 12; }
};

inline constexpr std::size_t sas_head_bytes = 288;  // of the header that sas_shape() looks at

// Nothing when this is no SAS data set, or a size in it is out of range (pages of 1 KiB to 16 MiB).
std::optional<SasShape> sas_shape(std::string_view head);

enum class SasPacking : std::uint8_t { none, run_length, ross };
enum class SasValue : std::uint8_t { text, number, date, datetime, time };

struct SasColumn {
  std::string name, format;  // bytes as delivered
  std::size_t offset = 0, width = 0;
  SasValue value = SasValue::number;
  Symbol symbol = 0;  // 0 when no rule reads it
};

// Everything parse() must know; fixed when the file is opened.
struct SasLayout {
  SasShape shape;
  std::vector<SasColumn> columns;
  std::size_t row_bytes = 0;
  std::uint64_t rows = 0, mixed_rows = 0;  // in the file; on a page that holds descriptions and rows
  SasPacking packing = SasPacking::none;
  Encoding encoding = Encoding::utf8;
  std::optional<Charset> charset;  // when it is none of `Encoding`
  std::vector<std::string> null_words;
  std::vector<Symbol> kept;  // of the columns with a symbol, then @file
  Symbol kind = 0, file_symbol = 0;
  std::string file_name;
  std::uint64_t content_shape = 0;  // RecordBatch::shape
};

// Collects the column descriptions, page by page. A damaged description makes finish() fail.
class SasDescriber {
 public:
  SasDescriber(SasLayout& layout, const Limits& limits) : layout_(layout), limits_(limits) {}
  // Pages of rows only are passed by.
  void page(std::string_view page);
  bool complete() const;         // every column has been described
  std::optional<Code> finish();  // what is wrong, or nothing

 private:
  struct TextRef {
    std::size_t block = 0, offset = 0, size = 0;
  };
  void subheader(std::string_view bytes);
  TextRef text_ref(SasBytes& bytes, std::size_t at) const;
  std::optional<std::string> text_of(const TextRef& ref) const;

  SasLayout& layout_;
  const Limits& limits_;
  bool bad_ = false, sized_ = false;
  std::size_t columns_ = 0, text_bytes_ = 0;
  std::vector<std::string> texts_;
  std::vector<TextRef> names_, formats_;
  std::vector<SasColumn> attributes_;
};

struct SasRow {
  std::size_t offset = 0, bytes = 0;  // within the page
  bool packed = false;
};
// The rows of one whole page in order. `deleted`: rows SAS has marked as deleted, which are not among them. False: the page is damaged;
// `rows` holds those before the damage.
bool sas_rows(const SasLayout& layout, std::string_view page, std::vector<SasRow>& rows, std::uint64_t& deleted);
bool sas_holds_descriptions(const SasShape& shape, std::string_view page);

// Into `row`, which has the size of a row. False: the bytes give more or less than that.
bool sas_unpack(SasPacking packing, std::string_view packed, std::span<char> row);

// The value kind of a numeric column by its format's name ("YYMMDDN", "DATETIME").
SasValue sas_value_of_format(std::string_view format);
// Appends the value as text: numbers in the shortest form that gives the same double back, days as YYYY-MM-DD, moments as
// YYYY-MM-DDTHH:MM:SS with fractions when there are, times as HH:MM:SS. A missing value appends nothing. Days and times that no calendar
// or clock has (years before 1 or after 9999, times under 0 or from 24:00) stay numbers.
void sas_append_number(std::string& out, std::string_view bytes, bool big_endian, SasValue value);

// The character set of SAS's number of an encoding, as iconv names it; empty: the number says nothing (0, 204 "any"); null: not known.
const char* sas_charset(std::uint8_t number);

void parse_sas(const SasLayout& layout, const Chunk& chunk, RecordBatch& batch);

}  // namespace pyojun
