#include "readers/delimited_encoding.hpp"

#include <algorithm>

#include "base/hangul.hpp"

namespace pyojun {

namespace {

constexpr std::size_t head_bytes = std::size_t{64} << 10;
constexpr std::size_t step = std::size_t{256} << 10;
// Korean text in CP949 hardly ever begins with this many pairs that happen to be UTF-8 too. A file that does is UTF-8 with a broken byte.
constexpr std::uint64_t chance_sequences = 8;

// The whole stream as CP949; a pair may lie across two windows.
Result<bool> is_cp949(const Input& input) {
  auto stream = input.open();
  if (!stream) return stream.error();
  while (true) {
    const auto more = (*stream)->fill(step);
    if (!more) return more.error();
    const auto view = (*stream)->view();
    const auto piece = view.first(std::min(view.size(), step));
    if (piece.empty()) return true;
    const std::size_t bad = find_bad_cp949({piece.data(), piece.size()});
    const bool may_go_on = bad + 1 == piece.size() && *more && bad != 0;
    if (bad != no_bad_byte && !may_go_on) return false;
    (*stream)->consume(bad == no_bad_byte ? piece.size() : bad);
  }
}

// The archive ends too early: what can be read is read, by what its head looks like, and checked record by record.
DelimitedEncoding guess_from_head(std::span<const char> head) {
  DelimitedEncoding out;
  const std::size_t bad = find_bad_utf8({head.data(), head.size()});
  if (bad != no_bad_byte && head.size() - bad > 4) out.encoding = Encoding::cp949;
  out.note = Code::encoding_by_head;
  return out;
}

Result<DelimitedEncoding> decide_by_content(const Input& input, std::span<const char> head) {
  const auto facts = input.byte_facts();
  if (!facts) {
    if (facts.error().code == Code::archive_damaged) return guess_from_head(head);
    return facts.error();
  }
  DelimitedEncoding out;
  out.trusted = true;
  if (facts->bad_utf8 == ByteFacts::none) return out;
  if (facts->utf8_sequences <= chance_sequences) {
    const auto korean = is_cp949(input);
    if (!korean) return korean.error();
    out.encoding = Encoding::cp949;
    if (*korean) return out;
  }
  return Error{Code::encoding_unclear, input.path(), {0, 0, facts->bad_utf8}, {}, {}};
}

}  // namespace

DelimitedEncoding encoding_of_head(std::span<const char> head, bool& told) {
  const std::string_view text(head.data(), head.size());
  told = true;
  if (text.starts_with("\xEF\xBB\xBF")) return {Encoding::utf8, 3, false, {}};
  if (text.starts_with("\xFF\xFE")) return {Encoding::utf16le, 2, false, {}};
  if (text.starts_with("\xFE\xFF")) return {Encoding::utf16be, 2, false, {}};
  // Two letters of ASCII with zero bytes beside them.
  if (text.size() >= 4) {
    const auto ascii = [&](std::size_t i) { return text[i] > 0; };
    if (ascii(0) && text[1] == 0 && ascii(2) && text[3] == 0) return {Encoding::utf16le, 0, false, {}};
    if (text[0] == 0 && ascii(1) && text[2] == 0 && ascii(3)) return {Encoding::utf16be, 0, false, {}};
  }
  told = false;
  return {};
}

Result<DelimitedEncoding> decide_encoding(const Input& input, const Dialect& dialect) {
  auto stream = input.open();
  if (!stream) return stream.error();
  if (const auto filled = (*stream)->fill(head_bytes); !filled && (*stream)->view().empty()) return filled.error();
  const auto view = (*stream)->view();
  const auto head = view.first(std::min(view.size(), head_bytes));
  std::optional<Encoding> named;
  if (!dialect.encoding.empty()) {
    named = encoding_from_name(dialect.encoding);
    if (!named) return Error{Code::dialect_setting_wrong, input.path(), {}, "encoding", {}};
  }
  bool told = false;
  DelimitedEncoding out = encoding_of_head(head, told);
  if (told && (out.mark_bytes != 0 || !named || *named == out.encoding)) {
    if (named && *named != out.encoding) out.note = Code::mark_over_dialect;
    if (out.encoding == Encoding::utf8) {
      const auto facts = input.byte_facts();
      out.trusted = facts && facts->bad_utf8 == ByteFacts::none;
    }
    return out;
  }
  if (named) return DelimitedEncoding{*named, 0, *named == Encoding::latin1, {}};
  return decide_by_content(input, head);
}

std::uint64_t garbled_texts(const Input& input, const DelimitedEncoding& encoding) {
  if (encoding.encoding == Encoding::utf16le || encoding.encoding == Encoding::utf16be) return 0;
  auto stream = input.open();
  if (!stream) return 0;
  if (const auto filled = (*stream)->fill(step); !filled) return 0;
  const auto view = (*stream)->view();
  const std::string_view head(view.data(), std::min(view.size(), step));
  std::uint64_t runs = 0;
  std::string decoded;
  for (std::size_t at = 0; at < head.size();) {
    const std::size_t end = std::min(head.find('\n', at), head.size());
    const std::string_view line = head.substr(at, end - at);
    at = end + 1;
    if (is_ascii(line)) continue;
    decoded.clear();
    if (append_utf8(decoded, line, encoding.encoding)) runs += mojibake_runs(decoded);
  }
  return runs;
}

}  // namespace pyojun
