// Delimiters, escape sequences and character sets of HL7 v2 (v2.8.2 chapter 2, 2.5.4, 2.7 and 2.15.9.18).
#include <algorithm>
#include <array>
#include <charconv>

#include <iconv.h>

#include "readers/hl7v2.hpp"

namespace pyojun {

namespace {

constexpr bool is_sign(char c) {
  return c > ' ' && c < 0x7F && !(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z');
}

bool convert(std::string& out, std::string_view text, const char* from) {
  const iconv_t converter = iconv_open("UTF-8", from);
  if (converter == reinterpret_cast<iconv_t>(-1)) return false;
  const std::size_t before = out.size();
  out.resize(before + 4 * text.size() + 16);
  char* in = const_cast<char*>(text.data());
  char* to = out.data() + before;
  std::size_t in_left = text.size(), left = out.size() - before;
  const bool good = iconv(converter, &in, &in_left, &to, &left) != static_cast<std::size_t>(-1) && in_left == 0 &&
                    iconv(converter, nullptr, nullptr, &to, &left) != static_cast<std::size_t>(-1);
  iconv_close(converter);
  out.resize(good ? static_cast<std::size_t>(to - out.data()) : before);
  return good;
}

struct KnownSet {
  std::string_view name;  // upper case, letters and digits only
  Hl7Charset charset;
  const char* converter;
};

// Table HL70211 and what senders write for the same sets.
constexpr KnownSet known_sets[] = {
    {"ASCII", Hl7Charset::ascii, nullptr},
    {"USASCII", Hl7Charset::ascii, nullptr},
    {"ISOIR6", Hl7Charset::ascii, nullptr},
    {"ISOIR14", Hl7Charset::ascii, nullptr},
    {"88591", Hl7Charset::named, "ISO-8859-1"},
    {"88592", Hl7Charset::named, "ISO-8859-2"},
    {"88593", Hl7Charset::named, "ISO-8859-3"},
    {"88594", Hl7Charset::named, "ISO-8859-4"},
    {"88595", Hl7Charset::named, "ISO-8859-5"},
    {"88596", Hl7Charset::named, "ISO-8859-6"},
    {"88597", Hl7Charset::named, "ISO-8859-7"},
    {"88598", Hl7Charset::named, "ISO-8859-8"},
    {"88599", Hl7Charset::named, "ISO-8859-9"},
    {"885910", Hl7Charset::named, "ISO-8859-10"},
    {"885911", Hl7Charset::named, "ISO-8859-11"},
    {"885913", Hl7Charset::named, "ISO-8859-13"},
    {"885914", Hl7Charset::named, "ISO-8859-14"},
    {"885915", Hl7Charset::named, "ISO-8859-15"},
    {"885916", Hl7Charset::named, "ISO-8859-16"},
    {"LATIN1", Hl7Charset::named, "ISO-8859-1"},
    {"ISOIR100", Hl7Charset::named, "ISO-8859-1"},
    {"WINDOWS1252", Hl7Charset::named, "CP1252"},
    {"CP1252", Hl7Charset::named, "CP1252"},
    {"UNICODEUTF8", Hl7Charset::utf8, nullptr},
    {"UTF8", Hl7Charset::utf8, nullptr},
    {"UNICODE", Hl7Charset::utf8, nullptr},
    {"KSX1001", Hl7Charset::cp949, nullptr},
    {"KSC5601", Hl7Charset::cp949, nullptr},
    {"EUCKR", Hl7Charset::cp949, nullptr},
    {"CP949", Hl7Charset::cp949, nullptr},
    {"MS949", Hl7Charset::cp949, nullptr},
    {"ISOIR149", Hl7Charset::cp949, nullptr},
    {"ISOIR13", Hl7Charset::named, "SHIFT_JIS"},
    {"ISOIR87", Hl7Charset::named, "ISO-2022-JP-2"},
    {"ISOIR159", Hl7Charset::named, "ISO-2022-JP-2"},
    {"GB180302000", Hl7Charset::named, "GB18030"},
    {"GB18030", Hl7Charset::named, "GB18030"},
    {"BIG5", Hl7Charset::named, "BIG5"},
};

const KnownSet* known_set(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (c >= 'a' && c <= 'z') plain += static_cast<char>(c - 'a' + 'A');
    if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) plain += c;
  }
  if (plain.starts_with("ISO8859")) plain.erase(0, 3);
  const auto* const found = std::ranges::find(known_sets, plain, &KnownSet::name);
  return found == std::end(known_sets) ? nullptr : found;
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

// What stands between two escape signs; false: not known.
bool append_sequence(std::string& out, std::string_view sequence, const Hl7Delimiters& signs, const Hl7Encoding& encoding, bool& shifted) {
  const auto sign = [&out](char c) { return c != 0 ? (out += c, true) : false; };
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
  if (sequence.size() >= 3 && sequence[0] == '.') return append_format(out, ascii_lower(sequence));
  if (sequence.size() < 3) return false;
  std::string bytes;
  if (!append_hex(bytes, sequence.substr(1)) || bytes.find('\0') != std::string::npos) return false;
  if (sequence[0] == 'X') {
    if (is_ascii(bytes)) return out += bytes, true;
    return hl7_append_utf8(out, bytes, encoding);
  }
  if ((sequence[0] == 'C' && bytes.size() == 2) || (sequence[0] == 'M' && (bytes.size() == 2 || bytes.size() == 3))) {
    shifted = true;
    out += '\x1B';
    out += bytes;
    return true;
  }
  return false;
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

Hl7Encoding hl7_encoding(std::string_view msh18, char repetition, bool shifts) {
  Hl7Encoding first;
  bool any = false;
  while (!msh18.empty()) {
    const std::size_t end = repetition == 0 ? std::string_view::npos : msh18.find(repetition);
    const std::string_view name = trim(msh18.substr(0, end));
    msh18.remove_prefix(end == std::string_view::npos ? msh18.size() : end + 1);
    if (name.empty() || name == "\"\"") continue;
    const KnownSet* const set = known_set(name);
    const Hl7Encoding found = set == nullptr ? Hl7Encoding{Hl7Charset::unknown, nullptr} : Hl7Encoding{set->charset, set->converter};
    // The sets behind the first are reached by escape sequences of ISO 2022.
    if (shifts && found.charset == Hl7Charset::cp949) return {Hl7Charset::named, "ISO-2022-KR"};
    if (shifts && found.converter != nullptr && std::string_view(found.converter).starts_with("ISO-2022")) return found;
    const bool better = first.charset == Hl7Charset::ascii && found.charset == Hl7Charset::utf8;
    if (!any || first.charset == Hl7Charset::unknown || better) first = found;
    any = true;
  }
  return first;
}

bool hl7_append_utf8(std::string& out, std::string_view text, const Hl7Encoding& from) {
  switch (from.charset) {
    case Hl7Charset::cp949:
      return append_utf8(out, text, Encoding::cp949);
    case Hl7Charset::named:
      // ISO-2022-KR needs its announcement at the very start, which HL7 does not send.
      if (std::string_view(from.converter) == "ISO-2022-KR" && text.find("\x1B$)C") == std::string_view::npos)
        return convert(out, "\x1B$)C" + std::string(text), from.converter);
      if (std::string_view(from.converter) == "ISO-2022-KR") {
        std::string announced = "\x1B$)C";
        for (std::size_t i = 0; i < text.size();) {
          if (text.substr(i).starts_with("\x1B$)C")) {
            i += 4;
          } else {
            announced += text[i++];
          }
        }
        // 94x94 sets may be written in the upper half, too: that is EUC-KR.
        return is_ascii(announced) ? convert(out, announced, "ISO-2022-KR") : append_utf8(out, announced.substr(4), Encoding::cp949);
      }
      return convert(out, text, from.converter);
    default:
      if (find_bad_utf8(text) != no_bad_byte) return false;
      out += text;
      return true;
  }
}

std::uint32_t hl7_unescape(std::string& out, std::string_view text, const Hl7Delimiters& signs, const Hl7Encoding& encoding) {
  const std::size_t start = out.size();
  std::uint32_t unknown = 0;
  bool shifted = false;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t open = std::min(text.find(signs.escape, at), text.size());
    out.append(text, at, open - at);
    if (open == text.size()) break;
    const std::size_t close = text.find(signs.escape, open + 1);
    if (close == std::string_view::npos) {
      out.append(text, open);
      ++unknown;
      break;
    }
    const std::string_view sequence = text.substr(open + 1, close - open - 1);
    if (append_sequence(out, sequence, signs, encoding, shifted)) {
      at = close + 1;
      continue;
    }
    ++unknown;
    if (sequence.empty() || looks_meant(sequence)) {
      at = close + 1;
      out.append(text, open, at - open);
    } else {
      at = close;  // a stray sign: the next one may open a sequence
      out.append(text, open, at - open);
    }
  }
  if (!shifted) return unknown;
  std::string converted;
  const std::string_view made = std::string_view(out).substr(start);
  if (is_ascii(made) && convert(converted, made, "ISO-2022-JP-2")) {
    out.replace(start, std::string::npos, converted);
    return unknown;
  }
  out.replace(start, std::string::npos, text);
  return unknown + 1;
}

}  // namespace pyojun
