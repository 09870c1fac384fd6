#include "base/charset.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <iconv.h>

#include "base/text.hpp"

namespace pyojun {

namespace {

constexpr std::size_t longest_label = 40;
constexpr std::size_t step = std::size_t{64} << 10;

struct Wider {
  std::string_view label, iconv_name;
};
constexpr std::array<Wider, 22> wider{{
    {"utf8", "UTF-8"},        {"utf-8", "UTF-8"},          {"euc-kr", "CP949"},    {"ks_c_5601-1987", "CP949"}, {"ks_c_5601", "CP949"},
    {"ksc5601", "CP949"},     {"ks_c_5601-1989", "CP949"}, {"korean", "CP949"},    {"windows-949", "CP949"},    {"ms949", "CP949"},
    {"uhc", "CP949"},         {"iso-8859-1", "CP1252"},    {"latin-1", "CP1252"},  {"latin1", "CP1252"},        {"us-ascii", "CP1252"},
    {"ascii", "CP1252"},      {"iso8859-1", "CP1252"},     {"shift_jis", "CP932"}, {"windows-31j", "CP932"},    {"gb2312", "GBK"},
    {"utf-16le", "UTF-16LE"}, {"utf-16be", "UTF-16BE"},
}};

bool is_label(std::string_view text) {
  const auto plain = [](char c) {
    const char low = ascii_lower(c);
    return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == ':' || c == '(' || c == ')';
  };
  return !text.empty() && text.size() <= longest_label && std::all_of(text.begin(), text.end(), plain);
}

class Converter {
 public:
  explicit Converter(const std::string& from) : handle_(iconv_open("UTF-8", from.c_str())) {}
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;
  ~Converter() {
    if (*this) iconv_close(handle_);
  }
  explicit operator bool() const { return handle_ != reinterpret_cast<iconv_t>(-1); }

  // Converts until the input or the room is used up, or a byte is bad; both views shrink. False: a bad byte.
  bool run(std::string_view& from, char*& to, std::size_t& room) {
    char* in = const_cast<char*>(from.data());  // iconv's signature; it does not write
    std::size_t left = from.size();
    const std::size_t result = iconv(handle_, &in, &left, &to, &room);
    const bool bad = result == static_cast<std::size_t>(-1) && errno != E2BIG;
    from.remove_prefix(from.size() - left);
    return !bad;
  }
  // Some character sets (windows-1255, -1258) hold a letter back that an accent may still follow.
  void finish(char*& to, std::size_t& room) { iconv(handle_, nullptr, nullptr, &to, &room); }

 private:
  iconv_t handle_;
};

}  // namespace

std::optional<Charset> Charset::find(std::string_view label) {
  if (!is_label(label)) return std::nullopt;
  std::string name(label);
  for (const Wider& row : wider) {
    if (equal_folded(row.label, label)) name = row.iconv_name;
  }
  if (!Converter(name)) return std::nullopt;
  return Charset(std::move(name));
}

std::size_t Charset::append_utf8(std::string& out, std::string_view bytes) const {
  Converter converter(name_);
  if (!converter) return 0;
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const std::size_t before = out.size();
    const std::size_t room_wanted = std::min(rest.size(), step) * 3 + 16;
    out.resize(before + room_wanted);
    char* to = out.data() + before;
    std::size_t room = room_wanted;
    const bool good = converter.run(rest, to, room);
    if (rest.empty()) converter.finish(to, room);
    out.resize(before + room_wanted - room);
    if (!good) return bytes.size() - rest.size();
  }
  return no_bad_byte;
}

std::size_t Charset::source_bytes(std::string_view bytes, std::size_t utf8_length) const {
  Converter converter(name_);
  if (!converter) return 0;
  std::string_view rest = bytes;
  std::string sink(step, '\0');
  while (utf8_length != 0 && !rest.empty()) {
    const std::size_t room_given = std::min(utf8_length, step);
    char* to = sink.data();
    std::size_t room = room_given;
    const bool good = converter.run(rest, to, room);
    if (room == room_given) break;  // the next character does not fit: the position lies inside it
    utf8_length -= room_given - room;
    if (!good) break;
  }
  return bytes.size() - rest.size();
}

}  // namespace pyojun
