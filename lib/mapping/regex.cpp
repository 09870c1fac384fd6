// Pattern to a small program by recursive descent, run as a set of threads (Thompson, Pike): no backtracking, so no pattern is slow.
#include "mapping/regex.hpp"

#include <algorithm>
#include <cstddef>

namespace pyojun::mapping {

namespace {

constexpr std::size_t max_program = 20'000;
constexpr int max_nesting = 100;

// One code point; bytes that are no UTF-8 stand for themselves.
std::uint32_t decode(std::string_view text, std::size_t& i) {
  const auto byte = [&](std::size_t at) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[at])); };
  const std::uint32_t first = byte(i);
  const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (first < 0xC0 || i + length > text.size()) return ++i, first;
  std::uint32_t out = first & (0xFFU >> (length + 1));
  for (std::size_t k = 1; k < length; ++k) out = out << 6U | (byte(i + k) & 0x3FU);
  i += length;
  return out;
}

}  // namespace

class RegexCompiler {
 public:
  explicit RegexCompiler(std::string_view pattern) : pattern_(pattern) {}

  std::optional<Regex> run() {
    if (!alternatives() || i_ != pattern_.size()) return std::nullopt;
    emit(Regex::Kind::accept);
    if (out_.program_.size() > max_program) return std::nullopt;
    return std::move(out_);
  }

 private:
  using Kind = Regex::Kind;
  std::uint32_t here() const { return static_cast<std::uint32_t>(out_.program_.size()); }
  std::uint32_t emit(Kind kind, std::uint32_t a = 0, std::uint32_t b = 0) {
    out_.program_.push_back({kind, a, b});
    return here() - 1;
  }
  bool more() const { return i_ < pattern_.size(); }
  bool accept(char c) {
    if (!more() || pattern_[i_] != c) return false;
    ++i_;
    return true;
  }
  // Makes room for one instruction in front of `start` by moving the code behind it.
  void insert(std::uint32_t start, Kind kind, std::uint32_t a, std::uint32_t b) {
    for (std::uint32_t i = 0; i < out_.program_.size(); ++i) {
      auto& item = out_.program_[i];
      if (item.kind != Kind::split && item.kind != Kind::jump) continue;
      const std::uint32_t first = i < start ? start + 1 : start;  // what came to `start` from outside comes to the new instruction
      if (item.a >= first) ++item.a;
      if (item.kind == Kind::split && item.b >= first) ++item.b;
    }
    out_.program_.insert(out_.program_.begin() + start, {kind, a, b});
  }

  bool alternatives() {
    if (++depth_ > max_nesting) return false;
    const std::uint32_t start = here();
    if (!sequence()) return false;
    if (accept('|')) {
      insert(start, Kind::split, start + 1, here() + 2);
      const std::uint32_t jump = emit(Kind::jump);
      if (!alternatives()) return false;
      out_.program_[jump].a = here();
    }
    --depth_;
    return true;
  }

  bool sequence() {
    while (more() && pattern_[i_] != '|' && pattern_[i_] != ')') {
      const std::uint32_t start = here();
      const std::size_t text = i_;
      if (!atom()) return false;
      if (!repetition(start, text)) return false;
      if (out_.program_.size() > max_program) return false;
    }
    return true;
  }

  bool number(unsigned& out) {
    const std::size_t start = i_;
    out = 0;
    while (more() && pattern_[i_] >= '0' && pattern_[i_] <= '9' && i_ - start < 4)
      out = out * 10 + static_cast<unsigned>(pattern_[i_++] - '0');
    return i_ > start;
  }

  bool repetition(std::uint32_t start, std::size_t text) {
    unsigned low = 1, high = 1;
    bool endless = false;
    if (accept('*')) {
      low = 0, endless = true;
    } else if (accept('+')) {
      endless = true;
    } else if (accept('?')) {
      low = 0;
    } else if (accept('{')) {
      if (!number(low)) return false;
      high = low;
      if (accept(',')) endless = !number(high);
      if (!accept('}') || (!endless && high < low)) return false;
    } else {
      return true;
    }
    accept('?');  // greedy or not is the same when the whole text must match
    const std::size_t behind = i_, end = text_end(text);
    out_.program_.resize(start);
    for (unsigned n = 0; n < low; ++n) {
      if (!again(text, end)) return false;
    }
    if (endless) {
      const std::uint32_t split = emit(Kind::split, here() + 1, 0);
      if (!again(text, end)) return false;
      emit(Kind::jump, split);
      out_.program_[split].b = here();
    } else {
      std::vector<std::uint32_t> splits;
      for (unsigned n = low; n < high; ++n) {
        splits.push_back(emit(Kind::split, here() + 1, 0));
        if (!again(text, end)) return false;
      }
      for (const auto split : splits) out_.program_[split].b = here();
    }
    i_ = behind;
    return true;
  }

  std::size_t text_end(std::size_t text) {
    const std::size_t behind = i_;
    i_ = text;
    atom();
    const std::size_t end = i_;
    i_ = behind;
    return end;
  }
  bool again(std::size_t text, std::size_t end) {
    i_ = text;
    return atom() && i_ == end && out_.program_.size() <= max_program;
  }

  bool atom() {
    if (accept('(')) {
      if (accept('?') && !accept(':')) return false;
      return alternatives() && accept(')');
    }
    if (accept('[')) return set();
    if (accept('.')) return emit(Kind::any), true;
    if (accept('^')) return emit(Kind::begin), true;
    if (accept('$')) return emit(Kind::end), true;
    if (accept('\\')) return escape();
    if (std::string_view("*+?{})").find(pattern_[i_]) != std::string_view::npos) return false;
    emit(Kind::character, decode(pattern_, i_));
    return true;
  }

  bool class_ranges(char c, Regex::Set& set) {
    using Pairs = std::vector<std::pair<std::uint32_t, std::uint32_t>>;
    Pairs ranges;
    switch (c | 0x20) {
      case 'd':
        ranges = {{'0', '9'}};
        break;
      case 'w':
        ranges = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
        break;
      case 's':
        ranges = {{'\t', '\r'}, {' ', ' '}, {0xA0, 0xA0}, {0x3000, 0x3000}};
        break;
      default:
        return false;
    }
    if ((c & 0x20) == 0) {
      Pairs inverse;
      std::uint32_t from = 0;
      for (const auto& [low, high] : ranges) {
        if (low > from) inverse.emplace_back(from, low - 1);
        from = high + 1;
      }
      inverse.emplace_back(from, 0x10FFFF);
      ranges = std::move(inverse);
    }
    set.ranges.insert(set.ranges.end(), ranges.begin(), ranges.end());
    return true;
  }

  bool escaped_character(std::uint32_t& out) {
    if (!more()) return false;
    const char c = pattern_[i_];
    if (c == 'u') {
      if (i_ + 5 > pattern_.size()) return false;
      out = 0;
      for (std::size_t k = 1; k <= 4; ++k) {
        const char d = pattern_[i_ + k];
        const int digit = d >= '0' && d <= '9' ? d - '0' : d >= 'a' && d <= 'f' ? d - 'a' + 10 : d >= 'A' && d <= 'F' ? d - 'A' + 10 : -1;
        if (digit < 0) return false;
        out = out * 16 + static_cast<std::uint32_t>(digit);
      }
      i_ += 5;
      return true;
    }
    static constexpr std::string_view names = "tnrfv", means = "\t\n\r\f\v";
    if (const auto at = names.find(c); at != std::string_view::npos) {
      ++i_;
      out = static_cast<std::uint32_t>(static_cast<unsigned char>(means[at]));
      return true;
    }
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return false;  // back references, \b ...
    out = decode(pattern_, i_);
    return true;
  }

  bool escape() {
    if (!more()) return false;
    Regex::Set set;
    if (class_ranges(pattern_[i_], set)) {
      ++i_;
      return add_set(std::move(set));
    }
    std::uint32_t c = 0;
    if (!escaped_character(c)) return false;
    emit(Kind::character, c);
    return true;
  }

  bool add_set(Regex::Set set) {
    out_.sets_.push_back(std::move(set));
    emit(Kind::set, static_cast<std::uint32_t>(out_.sets_.size() - 1));
    return true;
  }

  bool set_item(Regex::Set& set, std::uint32_t& c, bool& is_class) {
    is_class = false;
    if (!accept('\\')) return c = decode(pattern_, i_), true;
    if (more() && class_ranges(pattern_[i_], set)) return ++i_, is_class = true, true;
    return escaped_character(c);
  }

  bool set() {
    Regex::Set set;
    set.negated = accept('^');
    while (more() && pattern_[i_] != ']') {
      std::uint32_t low = 0, high = 0;
      bool is_class = false;
      if (!set_item(set, low, is_class)) return false;
      if (is_class) continue;
      high = low;
      if (i_ + 1 < pattern_.size() && pattern_[i_] == '-' && pattern_[i_ + 1] != ']') {
        ++i_;
        if (!set_item(set, high, is_class) || is_class || high < low) return false;
      }
      set.ranges.emplace_back(low, high);
    }
    return accept(']') && add_set(std::move(set));
  }

  std::string_view pattern_;
  std::size_t i_ = 0;
  int depth_ = 0;
  Regex out_;
};

std::optional<Regex> Regex::compile(std::string_view pattern) { return RegexCompiler(pattern).run(); }

bool Regex::Set::holds(std::uint32_t c) const {
  const bool inside = std::ranges::any_of(ranges, [c](const auto& range) { return range.first <= c && c <= range.second; });
  return inside != negated;
}

void Regex::add(std::uint32_t start, bool at_begin, bool at_end, std::vector<std::uint32_t>& list, Scratch& scratch) const {
  scratch.stack.push_back(start);
  while (!scratch.stack.empty()) {
    const std::uint32_t at = scratch.stack.back();
    scratch.stack.pop_back();
    if (scratch.seen[at] == scratch.mark) continue;
    scratch.seen[at] = scratch.mark;
    const Instruction& item = program_[at];
    switch (item.kind) {
      case Kind::jump:
        scratch.stack.push_back(item.a);
        break;
      case Kind::split:
        scratch.stack.push_back(item.b);
        scratch.stack.push_back(item.a);
        break;
      case Kind::begin:
        if (at_begin) scratch.stack.push_back(at + 1);
        break;
      case Kind::end:
        if (at_end) scratch.stack.push_back(at + 1);
        break;
      default:
        list.push_back(at);
    }
  }
}

bool Regex::matches(std::string_view text, Scratch& scratch) const {
  scratch.now.clear();
  scratch.stack.clear();
  scratch.seen.assign(program_.size(), 0);
  scratch.mark = 1;
  add(0, true, text.empty(), scratch.now, scratch);
  for (std::size_t i = 0; i < text.size();) {
    const std::uint32_t c = decode(text, i);
    scratch.next.clear();
    ++scratch.mark;
    for (const auto at : scratch.now) {
      const Instruction& item = program_[at];
      const bool fits = item.kind == Kind::any         ? c != '\n' && c != '\r'
                        : item.kind == Kind::character ? item.a == c
                                                       : item.kind == Kind::set && sets_[item.a].holds(c);
      if (fits) add(at + 1, false, i == text.size(), scratch.next, scratch);
    }
    scratch.now.swap(scratch.next);
    if (scratch.now.empty()) return false;
  }
  return std::ranges::any_of(scratch.now, [this](std::uint32_t at) { return program_[at].kind == Kind::accept; });
}

}  // namespace pyojun::mapping
