// Which segments, fields and components a plan reads, found once per file.
#include <algorithm>
#include <charconv>

#include "readers/hl7v2.hpp"

namespace pyojun {

namespace {

constexpr std::size_t slots = 2048;         // open addressing; at most half of them are used
constexpr std::uint32_t most_fields = 999;  // a field number has at most three digits

bool is_id(std::string_view id) {
  const auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return id.size() == 3 && upper(id[0]) && (upper(id[1]) || digit(id[1])) && (upper(id[2]) || digit(id[2]));
}

std::size_t slot_of(std::uint32_t code) { return (code * 2654435761U) >> 21; }

std::string id_of(std::uint32_t code) { return {static_cast<char>(code >> 16), static_cast<char>(code >> 8), static_cast<char>(code)}; }

}  // namespace

Hl7Names::Hl7Names(const Needs& needs) : symbols_(needs.symbols), all_(needs.all), segments_(slots) {
  const auto name = [this](const char* text) { return all_ ? symbols_->intern(text) : symbols_->find(text); };
  patient = name("patient");
  order = name("order");
  again = name("@again");
  file = all_ ? Symbol{0} : symbols_->find("@file");
  id = all_ ? Symbol{0} : symbols_->find("@id");
  for (std::uint32_t i = 1; i < parts_.size(); ++i) parts_[i] = name(std::to_string(i).c_str());
  for (const std::uint32_t code : hl7_known_segments()) make(code);
  if (all_) return;
  for (std::size_t i = 1; i < symbols_->size(); ++i) {
    const auto symbol = static_cast<Symbol>(i);
    const std::string_view text = symbols_->name(symbol);
    if (!is_id(text.substr(0, 3))) continue;
    if (text.size() == 3) {
      make(segment_code(text.data())).node = symbol;
      continue;
    }
    std::uint32_t number = 0;
    const auto [end, bad] = std::from_chars(text.data() + 4, text.data() + text.size(), number);
    if (text[3] != '-' || bad != std::errc() || end != text.data() + text.size() || number == 0 || number > most_fields) continue;
    Hl7Segment& segment = make(segment_code(text.data()));
    segment.wanted.push_back({number, symbol});
    segment.read = true;
  }
  for (const auto& segment : segments_) {
    if (segment) std::ranges::sort(segment->wanted, {}, &Hl7Segment::Field::number);
  }
}

Hl7Segment& Hl7Names::make(std::uint32_t code) const {
  std::size_t at = slot_of(code);
  for (; segments_[at]; at = (at + 1) % slots) {
    if (segments_[at]->code == code) return *segments_[at];
  }
  segments_[at] = std::make_unique<Hl7Segment>();
  segments_[at]->code = code;
  segments_[at]->place = place_of(code);
  ++used_;
  if (all_) {
    segments_[at]->node = symbols_->intern(id_of(code));
    segments_[at]->read = true;
  }
  return *segments_[at];
}

const Hl7Segment* Hl7Names::segment(std::uint32_t code) const {
  for (std::size_t at = slot_of(code); segments_[at]; at = (at + 1) % slots) {
    if (segments_[at]->code == code) return segments_[at].get();
  }
  return all_ && used_ < slots / 2 ? &make(code) : nullptr;
}

Symbol Hl7Names::any_field(const Hl7Segment& segment, std::uint32_t number) const {
  if (number > most_fields) return 0;
  auto& fields = const_cast<Hl7Segment&>(segment).fields;  // when all is kept, parse() runs on one thread
  if (fields.size() <= number) fields.resize(number + 1);
  if (fields[number] == 0) fields[number] = symbols_->intern(id_of(segment.code) + "-" + std::to_string(number));
  return fields[number];
}

Symbol Hl7Names::any_part(std::uint32_t number) const {
  return all_ ? symbols_->intern(std::to_string(number)) : symbols_->find(std::to_string(number));
}

}  // namespace pyojun
