// Row formatting without branches on the value where it can be helped: a measurement row has 23 columns and 70 ns.
#include "publish/csv_format.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/time_value.hpp"
#include "cdm/rows.hpp"

namespace pyojun {

namespace {

static_assert(std::endian::native == std::endian::little, "digit packing assumes little endian");

constexpr std::size_t slack = 32;  // wide stores may run past the end of what counts
constexpr std::int64_t micros_per_day = 86'400'000'000;
constexpr std::size_t longest_fixed = 40;  // of any integer, date, datetime or number

// Eight decimal digits of value < 10^8, one per byte (0..9), the most significant at the lowest address.
inline std::uint64_t eight_digits(std::uint32_t value) {
  const std::uint64_t halves = (value / 10000) | (static_cast<std::uint64_t>(value % 10000) << 32);
  const std::uint64_t hundreds = ((halves * 10486) >> 20) & 0x0000'007F'0000'007FULL;
  const std::uint64_t pairs = hundreds | ((halves - hundreds * 100) << 16);
  const std::uint64_t tens = ((pairs * 103) >> 10) & 0x000F'000F'000F'000FULL;
  return tens | ((pairs - tens * 10) << 8);
}

constexpr std::uint64_t ascii_zeros = 0x3030'3030'3030'3030ULL;

inline void store(char* out, std::uint64_t bytes) { std::memcpy(out, &bytes, 8); }

// value < 10^8, without leading zeros.
inline char* write_small(char* out, std::uint32_t value) {
  const std::uint64_t digits = eight_digits(value);
  const unsigned zeros = static_cast<unsigned>(std::countr_zero(digits | (1ULL << 63))) >> 3;
  store(out, (digits | ascii_zeros) >> (zeros * 8));
  return out + (8 - zeros);
}

inline char* write_unsigned(char* out, std::uint64_t value) {
  if (value < 100'000'000) return write_small(out, static_cast<std::uint32_t>(value));
  out = write_unsigned(out, value / 100'000'000);
  store(out, eight_digits(static_cast<std::uint32_t>(value % 100'000'000)) | ascii_zeros);
  return out + 8;
}

inline char* write_integer(char* out, std::int32_t value) {
  if (value >= 0) return write_unsigned(out, static_cast<std::uint32_t>(value));
  *out++ = '-';
  return write_unsigned(out, static_cast<std::uint64_t>(-static_cast<std::int64_t>(value)));
}

inline char* write_number_general(char* out, double value) {
  const double size = std::fabs(value);
  if (!std::isfinite(value)) return out;  // never a mapped value; an empty cell is the only honest text
  const auto form = size >= 1e-7 && size < 1e16 ? std::chars_format::fixed : std::chars_format::scientific;
  return std::to_chars(out, out + longest_fixed, value, form).ptr;
}

// Up to six decimals are found by one multiplication: if k / 10^6 is the value, it is its shortest text, because no two decimals
// of at most 15 digits are the same double.
inline char* write_number(char* out, double value) {
  const double size = std::fabs(value);
  if (!(size < 1e8)) {
    if (size < 1e15 && size == std::floor(size)) {
      if (value < 0) *out++ = '-';
      return write_unsigned(out, static_cast<std::uint64_t>(size));
    }
    return write_number_general(out, value);
  }
  const auto micro = static_cast<std::uint64_t>(size * 1e6 + 0.5);
  if (static_cast<double>(micro) / 1e6 != size) return write_number_general(out, value);
  if (value < 0) *out++ = '-';
  out = write_small(out, static_cast<std::uint32_t>(micro / 1'000'000));
  const auto fraction = static_cast<std::uint32_t>(micro % 1'000'000);
  const std::uint64_t digits = eight_digits(fraction * 100);
  const unsigned zeros = static_cast<unsigned>(std::countl_zero(digits)) >> 3;
  *out = '.';
  store(out + 1, digits | ascii_zeros);
  return fraction == 0 ? out : out + 1 + (8 - zeros);
}

char* write_quoted(char* out, const char* text, std::size_t length) {
  *out++ = '"';
  for (std::size_t i = 0; i < length; ++i) {
    if (text[i] == '"') *out++ = '"';
    *out++ = text[i];
  }
  *out++ = '"';
  return out;
}

inline bool special(char c) { return c == ',' || c == '"' || c == '\n' || c == '\r'; }

#if defined(__SSE2__)
inline unsigned special_bits(__m128i bytes) {
  const __m128i found = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(',')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'))),
                                     _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\r'))));
  return static_cast<unsigned>(_mm_movemask_epi8(found));
}
#endif

// Copies while it looks; a field that turns out to need quotes is written again.
inline char* write_text(char* out, const char* text, std::size_t length, const char* heap_end) {
  std::size_t done = 0;
#if defined(__SSE2__)
  for (; done < length && heap_end - (text + done) >= 16; done += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + done));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + done), bytes);
    const std::size_t left = length - done;
    const unsigned counted = left >= 16 ? 0xFFFFU : (1U << left) - 1U;
    if ((special_bits(bytes) & counted) != 0) return write_quoted(out, text, length);
  }
#else
  static_cast<void>(heap_end);
#endif
  for (; done < length; ++done) {
    if (special(text[done])) return write_quoted(out, text, length);
    out[done] = text[done];
  }
  return out + length;
}

constexpr auto digit_pairs = [] {
  std::array<char, 200> text{};
  for (unsigned i = 0; i < 100; ++i) {
    text[2 * i] = static_cast<char>('0' + i / 10);
    text[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return text;
}();

inline void put_two(char* out, unsigned value) { std::memcpy(out, digit_pairs.data() + std::size_t{2} * value, 2); }

// The first eight bytes travel in the step; both sides have slack.
inline char* copy_literal(char* out, std::uint64_t head, const char* literal, std::size_t length) {
  store(out, head);
  for (std::size_t done = 8; done < length; done += 16) std::memcpy(out + done, literal + done, 16);
  return out + length;
}

}  // namespace

std::string csv_header(const Table& table) {
  std::string line;
  for (const Column& column : table.columns) {
    if (!line.empty()) line += ',';
    line += column.name;
  }
  line += '\n';
  return line;
}

char* CsvFormatter::write_date(char* out, std::int32_t days) {
  CachedDate& cached = dates_[static_cast<std::uint32_t>(days) % dates_.size()];
  if (cached.days != days || cached.text[0] == 0) {
    const Civil civil = civil_from_days(days);
    if (civil.year < 0 || civil.year > 9999) {  // nothing the readers let through
      std::string text;
      append_date(text, days);
      std::memcpy(out, text.data(), text.size());
      return out + text.size();
    }
    cached.days = days;
    put_two(cached.text, static_cast<unsigned>(civil.year) / 100);
    put_two(cached.text + 2, static_cast<unsigned>(civil.year) % 100);
    cached.text[4] = cached.text[7] = '-';
    put_two(cached.text + 5, civil.month);
    put_two(cached.text + 8, civil.day);
  }
  std::memcpy(out, cached.text, 12);
  return out + 10;
}

char* CsvFormatter::write_datetime(char* out, std::int64_t micros) {
  std::int64_t days = micros / micros_per_day;
  std::int64_t rest = micros % micros_per_day;
  if (rest < 0) rest += micros_per_day, --days;
  out = write_date(out, static_cast<std::int32_t>(days));
  const auto seconds = static_cast<unsigned>(rest / 1'000'000);
  const auto fraction = static_cast<unsigned>(rest % 1'000'000);
  std::memcpy(out, " 00:00:00", 9);
  put_two(out + 1, seconds / 3600);
  put_two(out + 4, seconds / 60 % 60);
  put_two(out + 7, seconds % 60);
  out += 9;
  if (fraction == 0) return out;
  *out++ = '.';
  store(out, eight_digits(fraction * 100) | ascii_zeros);
  return out + 6;
}

void CsvFormatter::add_constant(const BlockColumn& column) {
  char text[64];
  char* end = text;
  switch (column.type) {
    case ColumnType::integer:
      if (column.integers[0] != null_integer) end = write_integer(text, column.integers[0]);
      break;
    case ColumnType::date:
      if (column.integers[0] != null_date) end = write_date(text, column.integers[0]);
      break;
    case ColumnType::datetime:
      if (column.datetimes[0] != null_datetime) end = write_datetime(text, column.datetimes[0]);
      break;
    case ColumnType::number:
      if (std::bit_cast<std::uint64_t>(column.numbers[0]) != null_number_bits) end = write_number(text, column.numbers[0]);
      break;
    case ColumnType::text: {
      const std::size_t length = column.ends[0] - column.begin;
      std::string quoted(2 * length + 2 + slack, '\0');
      const char* from = column.heap + column.begin;
      const char* stop = write_text(quoted.data(), from, length, from + length);
      literals_.append(quoted.data(), static_cast<std::size_t>(stop - quoted.data()));
      return;
    }
  }
  literals_.append(text, static_cast<std::size_t>(end - text));
}

// Turns the block's columns into steps and literals; returns an upper bound of its text in bytes.
std::size_t CsvFormatter::plan(const RowBlock& block) {
  steps_.clear();
  literals_.clear();
  lead_length_ = 0;
  std::size_t texts = 0;
  const auto literal_end = [&] { return static_cast<std::uint32_t>(literals_.size()); };
  const auto close = [&] {
    if (steps_.empty()) {
      lead_length_ = literal_end();
    } else {
      steps_.back().tail_length = literal_end() - steps_.back().tail;
    }
  };
  for (std::size_t i = 0; i < block.columns.size(); ++i) {
    const BlockColumn& column = block.columns[i];
    if (i != 0) literals_ += ',';
    if (column.form == BlockColumn::Form::constant && block.rows != 0) add_constant(column);
    if (column.form != BlockColumn::Form::plain || block.rows == 0) continue;
    close();
    Step step;
    step.tail = literal_end();
    switch (column.type) {
      case ColumnType::integer:
        step.kind = Kind::integer, step.values = column.integers;
        break;
      case ColumnType::date:
        step.kind = Kind::date, step.values = column.integers;
        break;
      case ColumnType::datetime:
        step.kind = Kind::datetime, step.values = column.datetimes;
        break;
      case ColumnType::number:
        step.kind = Kind::number, step.values = column.numbers;
        break;
      case ColumnType::text:
        step.kind = Kind::text, step.values = column.heap, step.ends = column.ends, step.start = column.begin;
        step.heap_end = column.heap + column.ends[block.rows - 1];
        texts += 2 * static_cast<std::size_t>(column.ends[block.rows - 1] - column.begin);
        break;
    }
    steps_.push_back(step);
  }
  literals_ += '\n';
  close();
  const std::size_t row = literals_.size() + steps_.size() * longest_fixed;
  literals_.append(slack, '\0');
  for (Step& step : steps_) std::memcpy(&step.head, literals_.data() + step.tail, 8);
  return row * block.rows + texts + slack;
}

char* CsvFormatter::write_rows(std::uint32_t rows, char* out) {
  const char* literals = literals_.data();
  std::uint64_t lead_head = 0;
  std::memcpy(&lead_head, literals, 8);
  for (std::uint32_t row = 0; row < rows; ++row) {
    out = copy_literal(out, lead_head, literals, lead_length_);
    for (Step& step : steps_) {
      switch (step.kind) {
        case Kind::integer: {
          const std::int32_t value = static_cast<const std::int32_t*>(step.values)[row];
          if (value != null_integer) out = write_integer(out, value);
          break;
        }
        case Kind::date: {
          const std::int32_t value = static_cast<const std::int32_t*>(step.values)[row];
          if (value != null_date) out = write_date(out, value);
          break;
        }
        case Kind::datetime: {
          const std::int64_t value = static_cast<const std::int64_t*>(step.values)[row];
          if (value != null_datetime) out = write_datetime(out, value);
          break;
        }
        case Kind::number: {
          const double value = static_cast<const double*>(step.values)[row];
          if (std::bit_cast<std::uint64_t>(value) != null_number_bits) out = write_number(out, value);
          break;
        }
        case Kind::text: {
          const std::uint32_t end = step.ends[row];
          out = write_text(out, static_cast<const char*>(step.values) + step.start, end - step.start, step.heap_end);
          step.start = end;
          break;
        }
      }
      out = copy_literal(out, step.head, literals + step.tail, step.tail_length);
    }
  }
  return out;
}

void CsvFormatter::format(const RowBlock& block, ByteBuffer& out) {
  char* begin = out.room(plan(block));
  out.advance(static_cast<std::size_t>(write_rows(block.rows, begin) - begin));
}

}  // namespace pyojun
