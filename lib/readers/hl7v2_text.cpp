// Delimiters and escape sequences of HL7 v2 (v2.8.2 chapter 2, 2.5.4 and 2.7).
#include <algorithm>
#include <array>
#include <charconv>

#include "readers/hl7v2.hpp"

namespace pyojun {

namespace {

constexpr bool is_sign(char c) {
  return c > ' ' && c < 0x7F && !(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z');
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// The bytes two by two; false when the text is no even number of hex digits.
bool append_hex(std::string& out, std::string_view text) {
  if (text.empty() || text.size() % 2 != 0) return false;
  const std::size_t before = out.size();
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i]), low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) {
      out.resize(before);
      return false;
    }
    out += static_cast<char>(high * 16 + low);
  }
  return true;
}

// ".sp+3", ".sk 2": the number behind the command, at least 1 and at most 100.
std::size_t times_of(std::string_view text) {
  while (!text.empty() && (text[0] == ' ' || text[0] == '+')) text.remove_prefix(1);
  std::size_t times = 1;
  std::from_chars(text.data(), text.data() + text.size(), times);
  return std::clamp<std::size_t>(times, 1, 100);
}

// Formatting commands of FT (2.7.6), in lower case; false: none of them.
bool append_format(std::string& out, std::string_view command) {
  if (command == ".br" || command == ".ce") return out += '\n', true;
  if (command == ".fi" || command == ".nf") return true;
  if (command.starts_with(".in") || command.starts_with(".ti")) return true;
  if (command.starts_with(".sp")) return out.append(times_of(command.substr(3)), '\n'), true;
  if (command.starts_with(".sk")) return out.append(times_of(command.substr(3)), ' '), true;
  return false;
}

// A text as it is put together: from the first sequence on that calls a character set, what follows is read in that set.
class Unescaped {
 public:
  Unescaped(std::string& out, const Hl7Encoding& encoding) : out_(out), encoding_(encoding), shifts_(encoding) {}
  // Text as it stands; UTF-8 above 0x7F.
  void text(std::string_view piece) {
    if (!shifted_) {
      out_ += piece;
    } else {
      good_ = good_ && shifts_.append(out_, piece, true);
    }
  }
  // Bytes in the set called last, else in the message's. False: they do not fit.
  bool bytes(std::string_view bytes) {
    if (is_ascii(bytes)) return text(bytes), true;
    if (shifted_ && shifts_.upper_set()) return good_ = good_ && shifts_.append(out_, bytes, false), true;
    return (!shifted_ || shifts_.flush(out_)) && hl7_append_utf8(out_, bytes, encoding_);
  }
  bool call(std::string_view sequence) {
    if (!shifts_.designate(sequence)) return false;
    shifted_ = true;
    return true;
  }
  bool finish() { return !shifted_ || (good_ && shifts_.flush(out_)); }

 private:
  std::string& out_;
  const Hl7Encoding& encoding_;
  Hl7Shifts shifts_;
  bool shifted_ = false, good_ = true;
};

// What stands between two escape signs; false: not known.
bool append_sequence(Unescaped& out, std::string_view sequence, const Hl7Delimiters& signs) {
  const auto sign = [&out](char c) { return c != 0 ? (out.text({&c, 1}), true) : false; };
  if (sequence.size() == 1) {
    switch (sequence[0]) {
      case 'F':
        return sign(signs.field);
      case 'S':
        return sign(signs.component);
      case 'T':
        return sign(signs.subcomponent);
      case 'R':
        return sign(signs.repetition);
      case 'E':
        return sign(signs.escape);
      case 'P':
        return sign(signs.truncation != 0 ? signs.truncation : '#');
      case 'H':
      case 'N':
        return true;  // highlighting on and off
      default:
        return false;
    }
  }
  if (sequence.size() < 3) return false;
  std::string bytes;
  if (sequence[0] == '.') return append_format(bytes, ascii_lower(sequence)) ? (out.text(bytes), true) : false;
  if (!append_hex(bytes, sequence.substr(1)) || bytes.find('\0') != std::string::npos) return false;
  if (sequence[0] == 'X') return out.bytes(bytes);
  if (sequence[0] == 'C') return bytes.size() == 2 && out.call(bytes);
  return sequence[0] == 'M' && out.call(bytes);
}

// "Z1", "MIME", ".xx": a sequence of some vendor's, not just text between two stray escape signs.
bool looks_meant(std::string_view sequence) {
  const auto plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' || c == '+';
  };
  return sequence.size() <= 8 && std::ranges::all_of(sequence, plain);
}

}  // namespace

std::optional<Hl7Delimiters> hl7_delimiters(const char* from, const char* to) {
  Hl7Delimiters out;
  if (from == to || !is_sign(*from)) return std::nullopt;
  out.field = *from++;
  std::string_view text(from, static_cast<std::size_t>(to - from));
  const std::string_view all = text;
  text = text.substr(0, text.find(out.field));
  out.rest = from + text.size();
  constexpr std::string_view swapped = "^~|\\&";
  if (out.field == '|' && all.starts_with(swapped) && (all.size() == 5 || all[5] == '|')) {
    out.rest = from + swapped.size();
    out.repaired = true;
    return out;
  }
  const std::array places{&out.component, &out.repetition, &out.escape, &out.subcomponent, &out.truncation};
  std::array<bool, 5> given{};
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++count) {
    if (count == places.size()) return std::nullopt;
    if (text[i] < 0) {  // not ASCII: the standard's sign stands for it
      out.repaired = true;
      for (++i; i < text.size() && (text[i] & 0xC0) == 0x80;) ++i;
      continue;
    }
    if (!is_sign(text[i])) return std::nullopt;
    *places[count] = text[i++];
    given[count] = true;
  }
  out.repaired |= count == 0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    for (std::size_t j = 0; j <= places.size(); ++j) {
      if (i == j || *places[i] == 0) continue;
      const char other = j == places.size() ? out.field : *places[j];
      if (other != *places[i]) continue;
      if (given[i] && (j == places.size() || given[j])) return std::nullopt;
      if (!given[i]) *places[i] = 0;
    }
  }
  return out;
}

std::uint32_t hl7_unescape(std::string& out, std::string_view text, const Hl7Delimiters& signs, const Hl7Encoding& encoding) {
  const std::size_t start = out.size();
  Unescaped made(out, encoding);
  std::uint32_t unknown = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t open = std::min(text.find(signs.escape, at), text.size());
    made.text(text.substr(at, open - at));
    if (open == text.size()) break;
    const std::size_t close = text.find(signs.escape, open + 1);
    if (close == std::string_view::npos) {
      made.text(text.substr(open));
      ++unknown;
      break;
    }
    const std::string_view sequence = text.substr(open + 1, close - open - 1);
    if (append_sequence(made, sequence, signs)) {
      at = close + 1;
      continue;
    }
    ++unknown;
    // A stray sign: the next one may open a sequence.
    at = sequence.empty() || looks_meant(sequence) ? close + 1 : close;
    made.text(text.substr(open, at - open));
  }
  if (made.finish()) return unknown;
  out.replace(start, std::string::npos, text);
  return unknown + 1;
}

}  // namespace pyojun
