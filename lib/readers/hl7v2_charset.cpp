// Character sets of HL7 v2: names of table HL70211 and the designations of ISO 2022 (v2.8.2 chapter 2, 2.7.2 and 2.15.9.18).
#include "readers/hl7v2_charset.hpp"

#include <algorithm>

#include <iconv.h>

namespace pyojun {

namespace {

bool convert(std::string& out, std::string_view text, const char* from) {
  if (std::string_view(from) == "CP949") return append_utf8(out, text, Encoding::cp949);
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
  std::string_view name;  // upper case, letters and digits only, without ISO in front of 8859 and 2022
  Hl7Charset charset;
  const char* converter;
};

// Table HL70211 and what senders write for the same sets. UNICODE UTF-16 and UTF-32 are not here: HL7 v2 as it is read has single-byte
// signs.
constexpr KnownSet known_sets[] = {
    {"ASCII", Hl7Charset::ascii, nullptr},
    {"USASCII", Hl7Charset::ascii, nullptr},
    {"ISOIR6", Hl7Charset::ascii, nullptr},
    {"2022IR6", Hl7Charset::ascii, nullptr},
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
    {"ISOIR101", Hl7Charset::named, "ISO-8859-2"},
    {"ISOIR109", Hl7Charset::named, "ISO-8859-3"},
    {"ISOIR110", Hl7Charset::named, "ISO-8859-4"},
    {"ISOIR144", Hl7Charset::named, "ISO-8859-5"},
    {"ISOIR127", Hl7Charset::named, "ISO-8859-6"},
    {"ISOIR126", Hl7Charset::named, "ISO-8859-7"},
    {"ISOIR138", Hl7Charset::named, "ISO-8859-8"},
    {"ISOIR148", Hl7Charset::named, "ISO-8859-9"},
    {"ISOIR166", Hl7Charset::named, "ISO-8859-11"},
    {"WINDOWS1250", Hl7Charset::named, "CP1250"},
    {"WINDOWS1251", Hl7Charset::named, "CP1251"},
    {"WINDOWS1252", Hl7Charset::named, "CP1252"},
    {"CP1250", Hl7Charset::named, "CP1250"},
    {"CP1251", Hl7Charset::named, "CP1251"},
    {"CP1252", Hl7Charset::named, "CP1252"},
    {"UNICODEUTF8", Hl7Charset::utf8, nullptr},
    {"UTF8", Hl7Charset::utf8, nullptr},
    {"UNICODE", Hl7Charset::utf8, nullptr},
    {"ISOIR192", Hl7Charset::utf8, nullptr},
    {"KSX1001", Hl7Charset::cp949, nullptr},
    {"KSX10011992", Hl7Charset::cp949, nullptr},
    {"KSC5601", Hl7Charset::cp949, nullptr},
    {"KSC56011987", Hl7Charset::cp949, nullptr},
    {"KSC56011992", Hl7Charset::cp949, nullptr},
    {"EUCKR", Hl7Charset::cp949, nullptr},
    {"CP949", Hl7Charset::cp949, nullptr},
    {"MS949", Hl7Charset::cp949, nullptr},
    {"UHC", Hl7Charset::cp949, nullptr},
    {"WINDOWS949", Hl7Charset::cp949, nullptr},
    {"ISOIR149", Hl7Charset::cp949, nullptr},
    {"2022IR149", Hl7Charset::cp949, nullptr},
    {"2022KR", Hl7Charset::cp949, nullptr},
    {"ISOIR13", Hl7Charset::named, "SHIFT_JIS"},
    {"2022IR13", Hl7Charset::named, "SHIFT_JIS"},
    {"SHIFTJIS", Hl7Charset::named, "CP932"},
    {"SJIS", Hl7Charset::named, "CP932"},
    {"MS932", Hl7Charset::named, "CP932"},
    {"CP932", Hl7Charset::named, "CP932"},
    {"WINDOWS31J", Hl7Charset::named, "CP932"},
    {"EUCJP", Hl7Charset::named, "EUC-JP"},
    // Seven bits: bytes above 0x7F are refused.
    {"ISOIR87", Hl7Charset::named, "ISO-2022-JP-2"},
    {"2022IR87", Hl7Charset::named, "ISO-2022-JP-2"},
    {"ISOIR159", Hl7Charset::named, "ISO-2022-JP-2"},
    {"2022IR159", Hl7Charset::named, "ISO-2022-JP-2"},
    {"2022JP", Hl7Charset::named, "ISO-2022-JP-2"},
    {"2022JP1", Hl7Charset::named, "ISO-2022-JP-2"},
    {"2022JP2", Hl7Charset::named, "ISO-2022-JP-2"},
    {"JISX0202", Hl7Charset::named, "ISO-2022-JP-2"},
    {"GB180302000", Hl7Charset::named, "GB18030"},
    {"GB180302005", Hl7Charset::named, "GB18030"},
    {"GB18030", Hl7Charset::named, "GB18030"},
    {"GBK", Hl7Charset::named, "GB18030"},
    {"GB2312", Hl7Charset::named, "GB18030"},
    {"ISOIR58", Hl7Charset::named, "GB18030"},
    {"2022IR58", Hl7Charset::named, "GB18030"},
    {"CP936", Hl7Charset::named, "GB18030"},
    {"BIG5", Hl7Charset::named, "BIG5"},
    {"CP950", Hl7Charset::named, "CP950"},
    {"CNS116431992", Hl7Charset::named, "EUC-TW"},
    {"EUCTW", Hl7Charset::named, "EUC-TW"},
};

const KnownSet* known_set(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (c >= 'a' && c <= 'z') plain += static_cast<char>(c - 'a' + 'A');
    if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) plain += c;
  }
  if (plain.starts_with("ISO8859") || plain.starts_with("ISO2022")) plain.erase(0, 3);
  const auto* const found = std::ranges::find(known_sets, plain, &KnownSet::name);
  return found == std::end(known_sets) ? nullptr : found;
}

// A set an escape sequence calls: its characters in a converter that has ASCII below 0x80 and these above, behind `prefix`.
struct Designation {
  std::string_view sequence;  // behind ESC
  bool upper;                 // G1: bytes above 0x7F, or those between SO and SI
  bool wide;                  // two bytes a character
  char prefix;
  const char* converter;  // nullptr: ASCII
};

// ISO/IEC 2375 registrations that table HL70211 and its escape sequences name.
constexpr Designation designations[] = {
    {"(B", false, false, 0, nullptr},       {"(J", false, false, 0, nullptr},  // JIS X 0201 letters: read as ASCII
    {"(I", false, false, '\x8E', "EUC-JP"}, {")I", true, false, '\x8E', "EUC-JP"}, {"$@", false, true, 0, "EUC-JP"},
    {"$B", false, true, 0, "EUC-JP"},       {"$(B", false, true, 0, "EUC-JP"},     {"$)B", true, true, 0, "EUC-JP"},
    {"$(D", false, true, '\x8F', "EUC-JP"}, {"$)D", true, true, '\x8F', "EUC-JP"}, {"$(C", false, true, 0, "CP949"},
    {"$)C", true, true, 0, "CP949"},        {"$A", false, true, 0, "GB18030"},     {"$(A", false, true, 0, "GB18030"},
    {"$)A", true, true, 0, "GB18030"},      {"$)G", true, true, 0, "EUC-TW"},      {"-A", true, false, 0, "ISO-8859-1"},
    {"-B", true, false, 0, "ISO-8859-2"},   {"-C", true, false, 0, "ISO-8859-3"},  {"-D", true, false, 0, "ISO-8859-4"},
    {"-L", true, false, 0, "ISO-8859-5"},   {"-G", true, false, 0, "ISO-8859-6"},  {"-F", true, false, 0, "ISO-8859-7"},
    {"-H", true, false, 0, "ISO-8859-8"},   {"-M", true, false, 0, "ISO-8859-9"},  {"-T", true, false, 0, "ISO-8859-11"},
};

const Designation* designation_at(std::string_view behind_escape) {
  const auto* const found =
      std::ranges::find_if(designations, [&](const Designation& one) { return behind_escape.starts_with(one.sequence); });
  return found == std::end(designations) ? nullptr : found;
}

const char* converter_of(const Hl7Encoding& encoding) {
  if (encoding.charset == Hl7Charset::cp949) return "CP949";
  return encoding.charset == Hl7Charset::named ? encoding.converter : nullptr;
}

}  // namespace

Hl7Encoding hl7_encoding(std::string_view msh18, char repetition) {
  Hl7Encoding first;
  bool any = false;
  while (!msh18.empty()) {
    const std::size_t end = repetition == 0 ? std::string_view::npos : msh18.find(repetition);
    const std::string_view name = trim(msh18.substr(0, end));
    msh18.remove_prefix(end == std::string_view::npos ? msh18.size() : end + 1);
    if (name.empty() || name == "\"\"") continue;
    const KnownSet* const set = known_set(name);
    const Hl7Encoding found = set == nullptr ? Hl7Encoding{Hl7Charset::unknown, nullptr} : Hl7Encoding{set->charset, set->converter};
    // What ASCII cannot say is said in the set behind it.
    if (!any || (first.charset == Hl7Charset::ascii && found.charset != Hl7Charset::ascii)) first = found;
    any = true;
  }
  return first;
}

bool hl7_append_utf8(std::string& out, std::string_view text, const Hl7Encoding& from) {
  if (const char* const converter = converter_of(from); converter != nullptr) return convert(out, text, converter);
  if (find_bad_utf8(text) != no_bad_byte) return false;
  out += text;
  return true;
}

bool hl7_shifts(std::string_view text, const Hl7Encoding& encoding) {
  if (encoding.charset == Hl7Charset::utf8) return false;
  if (encoding.charset == Hl7Charset::cp949 && text.find('\x0E') != std::string_view::npos) return true;
  for (std::size_t at = text.find('\x1B'); at != std::string_view::npos; at = text.find('\x1B', at + 1)) {
    if (designation_at(text.substr(at + 1)) != nullptr) return true;
  }
  return false;
}

bool Hl7Shifts::designate(std::string_view sequence) {
  const Designation* const found = designation_at(sequence);
  if (found == nullptr || found->sequence.size() != sequence.size()) return false;
  (found->upper ? upper_ : lower_) = {found->converter, found->prefix, found->wide};
  return true;
}

bool Hl7Shifts::flush(std::string& out) {
  const bool good = pending_.empty() || (open_ == nullptr ? (out += pending_, true) : convert(out, pending_, open_));
  pending_.clear();
  open_ = nullptr;
  return good;
}

// What is pending is of this converter, or is made so; ASCII behind it may join.
bool Hl7Shifts::wanted(std::string& out, const char* converter) {
  if (open_ == converter || (open_ != nullptr && converter != nullptr && std::string_view(open_) == converter)) return true;
  if (!flush(out)) return false;
  open_ = converter;
  return true;
}

bool Hl7Shifts::append(std::string& out, std::string_view text, bool high_is_utf8) {
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '\x1B') {
      const Designation* const found = designation_at(text.substr(i + 1));
      if (found == nullptr || !designate(found->sequence)) return false;
      i += 1 + found->sequence.size();
      continue;
    }
    if (c == '\x0E' || c == '\x0F') {
      shifted_ = c == '\x0E';
      ++i;
      continue;
    }
    if (c == '\r' || c == '\n') {  // RFC 1468 and 1557: a line begins in ASCII
      shifted_ = false;
      lower_ = {};
    }
    const bool high = (static_cast<unsigned char>(c) & 0x80U) != 0;
    const Set& set = high ? upper_ : shifted_ ? (upper_set() ? upper_ : own_) : lower_;
    if (high && (high_is_utf8 || set.prefix == 0)) {  // as it is
      const char* const converter = high_is_utf8 ? nullptr : upper_set() ? upper_.converter : base_;
      if ((!high_is_utf8 && converter == nullptr) || !wanted(out, converter)) return false;
      pending_ += c;
      ++i;
      continue;
    }
    if (!high && (c <= ' ' || c == '\x7F' || set.converter == nullptr)) {
      pending_ += c;  // ASCII, or the second byte of a character of the message's own set
      ++i;
      continue;
    }
    const std::size_t width = set.wide ? 2 : 1;
    if (text.size() - i < width || !wanted(out, set.converter)) return false;
    if (set.prefix != 0) pending_ += set.prefix;
    for (const char byte : text.substr(i, width)) pending_ += static_cast<char>(static_cast<unsigned char>(byte) | 0x80U);
    i += width;
  }
  return true;
}

}  // namespace pyojun
