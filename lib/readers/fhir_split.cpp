#include "readers/fhir_split.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "readers/fhir_reference.hpp"
#include "readers/json_scan.hpp"

namespace pyojun {

void BundleTargets::add(std::string_view full_url, std::string_view type, std::string_view id) {
  if (full_url.empty() || type.empty() || id.empty()) return;
  const std::string_view canonical = canonical_reference(full_url);
  const bool says_so = canonical.size() == type.size() + 1 + id.size() && canonical.starts_with(type) && canonical.ends_with(id);
  if (says_so) return;
  if ((targets_.size() + 1) * 2 > slots_.size()) {
    slots_.assign(slots_.empty() ? 64 : slots_.size() * 2, 0);
    for (std::size_t i = 0; i < targets_.size(); ++i) slots_[slot_of(targets_[i].url)] = static_cast<std::uint32_t>(i + 1);
  }
  const Hash128 url = hash128(full_url);
  std::uint32_t& slot = slots_[slot_of(url)];
  if (slot != 0) return;
  const std::uint64_t from = texts_.size();
  texts_.append(type).append("/").append(id);
  targets_.push_back({url, from, static_cast<std::uint32_t>(texts_.size() - from)});
  slot = static_cast<std::uint32_t>(targets_.size());
}

std::size_t BundleTargets::slot_of(const Hash128& url) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = static_cast<std::size_t>(url.low) & mask;
  while (slots_[at] != 0 && !(targets_[slots_[at] - 1].url == url)) at = (at + 1) & mask;
  return at;
}

std::string_view BundleTargets::find(std::string_view full_url) const {
  if (slots_.empty()) return {};
  const std::uint32_t slot = slots_[slot_of(hash128(full_url))];
  if (slot == 0) return {};
  return std::string_view(texts_).substr(targets_[slot - 1].offset, targets_[slot - 1].length);
}

namespace {

bool ends_atom(char c) { return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

std::string_view between(const char* first, const char* end) { return {first, static_cast<std::size_t>(end - first)}; }

// One past the value at `at` inside a text that is complete up to `end`; `end` when it does not end before.
const char* skip_whole_value(const char* at, const char* end) {
  const char* past = at;
  if (at < end && *at == '"') {
    past = skip_string(at, end);
  } else if (at < end && (*at == '{' || *at == '[')) {
    past = skip_container(at, end);
  } else {
    while (past < end && !ends_atom(*past)) ++past;
  }
  return past == nullptr ? end : past;
}

// Calls member(key, first, end) for each member of the complete object [first, end) until it answers false. Lenient: the parser judges.
template <class Member>
void each_member(const char* first, const char* end, Member&& member) {
  const char* at = first + 1;
  while (at < end) {
    at = skip_space(at, end);
    if (at >= end || *at != '"') return;
    const char* key_end = skip_string(at, end);
    if (key_end == nullptr) return;
    const std::string_view key = between(at + 1, key_end - 1);
    at = skip_space(key_end, end);
    if (at >= end || *at != ':') return;
    at = skip_space(at + 1, end);
    // The one that stops the search need not be skipped.
    if (at >= end || !member(key, at)) return;
    at = skip_space(skip_whole_value(at, end), end);
    if (at >= end || *at != ',') return;
    ++at;
  }
}

// The text of the string at `value`, empty when it is none or has escapes.
std::string_view plain_string(const char* value, const char* end) {
  if (value >= end || *value != '"') return {};
  const char* past = skip_string(value, end);
  if (past == nullptr) return {};
  const std::string_view text = between(value + 1, past - 1);
  return text.find('\\') == std::string_view::npos ? text : std::string_view();
}

}  // namespace

void FhirSplitter::run(std::span<const char> view, bool last) {
  at_ = view.data();
  end_ = view.data() + view.size();
  last_ = last;
  Step step = Step::on;
  while (step == Step::on) {
    switch (state_) {
      case State::top:
        step = at_top();
        break;
      case State::member:
        step = at_member();
        break;
      case State::entry:
        step = at_entry();
        break;
      case State::lost:
        step = at_lost();
        break;
    }
  }
}

void FhirSplitter::give_up() {
  if (state_ == State::top || state_ == State::lost) return;
  lost_as_ = has_entries_ || type_ == "Bundle" ? PieceKind::broken : PieceKind::document;
  lost_from_ = lost_as_ == PieceKind::broken ? position_ : object_;
  state_ = State::lost;
}

FhirSplitter::Step FhirSplitter::at_top() {
  take(skip_space(at_, end_));
  if (at_ == end_) return Step::wait;
  object_ = position_;
  first_piece_ = pieces_.size();
  has_entries_ = comma_ = false;
  type_.clear();
  bundle_type_.clear();
  targets_ = std::make_shared<BundleTargets>();
  if (*at_ != '{') return wrong(at_);
  take(at_ + 1);
  state_ = State::member;
  return Step::on;
}

// One past the value at `at`, or nullptr when it may go on behind the window.
const char* FhirSplitter::value_end(const char* at) const {
  if (at >= end_) return nullptr;
  if (*at == '"') return skip_string(at, end_);
  if (*at == '{' || *at == '[') return skip_container(at, end_);
  while (at < end_ && !ends_atom(*at)) ++at;
  return at < end_ || last_ ? at : nullptr;
}

// The window ends inside something: wait for more, or it is cut.
FhirSplitter::Step FhirSplitter::missing() {
  if (!last_) return Step::wait;
  const bool bundle = has_entries_ || type_ == "Bundle";
  if (bundle) {
    note_bundle();
  } else {
    pieces_.resize(first_piece_);
  }
  pieces_.push_back({bundle ? position_ : object_, offset(end_), bundle ? PieceKind::cut : PieceKind::document, {}});
  state_ = State::top;
  take(end_);
  return Step::on;
}

FhirSplitter::Step FhirSplitter::at_member() {
  const char* at = skip_space(at_, end_);
  if (at == end_) return missing();
  if (*at == '}') {
    finish(at + 1);
    return Step::on;
  }
  if (comma_) {
    if (*at != ',') return wrong(at);
    at = skip_space(at + 1, end_);
    if (at == end_) return missing();
  }
  if (*at != '"') return wrong(at);
  const char* key_end = skip_string(at, end_);
  if (key_end == nullptr) return missing();
  const char* colon = skip_space(key_end, end_);
  if (colon == end_) return missing();
  if (*colon != ':') return wrong(colon);
  const char* value = skip_space(colon + 1, end_);
  if (value == end_) return missing();
  return member_value(at + 1, key_end - 1, value);
}

FhirSplitter::Step FhirSplitter::member_value(const char* key, const char* key_end, const char* value) {
  const std::string_view name = between(key, key_end);
  if (name == "entry" && *value == '[') {
    take(value + 1);
    state_ = State::entry;
    comma_ = false;
    return Step::on;
  }
  const char* end = value_end(value);
  if (end == nullptr) return missing();
  if (end == value) return wrong(value);
  if (name == "resourceType") type_ = plain_string(value, end);
  if (name == "type") bundle_type_ = plain_string(value, end);
  pieces_.push_back({offset(value), offset(end), PieceKind::header, {}});
  take(end);
  comma_ = true;
  return Step::on;
}

FhirSplitter::Step FhirSplitter::at_entry() {
  const char* at = skip_space(at_, end_);
  if (at == end_) return missing();
  if (*at == ']') {
    take(at + 1);
    state_ = State::member;
    comma_ = true;
    return Step::on;
  }
  if (comma_) {
    if (*at != ',') return wrong(at);
    at = skip_space(at + 1, end_);
    if (at == end_) return missing();
  }
  const char* end = value_end(at);
  if (end == at) return wrong(at);
  if (end == nullptr && (!last_ || *at != '{')) return missing();
  const bool cut = end == nullptr;  // the parser tells
  if (cut) end = end_;
  if (*at == '{') {
    entry(at, end);
  } else {
    pieces_.push_back({offset(at), offset(end), PieceKind::broken, {}});
  }
  take(end);
  comma_ = true;
  if (cut) state_ = State::top;
  return Step::on;
}

void FhirSplitter::entry(const char* first, const char* end) {
  std::string_view full_url, type, id;
  bool has_resource = false;
  each_member(first, end, [&](std::string_view key, const char* value) {
    if (key == "fullUrl") full_url = plain_string(value, end);
    if (key == "resource") {
      has_resource = true;
      if (*value == '{') {
        each_member(value, end, [&](std::string_view inner, const char* text) {
          if (inner == "resourceType") type = plain_string(text, end);
          if (inner == "id") id = plain_string(text, end);
          return type.empty() || id.empty();
        });
      }
    }
    return full_url.empty() || !has_resource;
  });
  if (!has_resource) ++bare_entries_;
  targets_->add(full_url, type, id);
  has_entries_ = true;
  Piece* piece = pieces_.size() > first_piece_ ? &pieces_.back() : nullptr;
  if (piece != nullptr && piece->kind == PieceKind::entries && comma_ && piece->end - piece->begin < granule_) {
    piece->end = offset(end);
  } else {
    pieces_.push_back({offset(first), offset(end), PieceKind::entries, targets_});
  }
}

void FhirSplitter::note_bundle() {
  if (!first_bundle_.empty()) return;
  constexpr std::string_view types[] = {"batch",     "batch-response", "collection",          "document", "history", "message",
                                        "searchset", "transaction",    "transaction-response"};
  const bool known = std::find(std::begin(types), std::end(types), bundle_type_) != std::end(types);
  first_bundle_ = bundle_type_.empty() ? "(none)" : known ? bundle_type_ : "(unknown)";
}

// A top-level object is complete.
void FhirSplitter::finish(const char* end) {
  if (type_ == "Bundle") {
    note_bundle();
    ++bundles_;
  } else {
    pieces_.resize(first_piece_);
    pieces_.push_back({object_, offset(end), PieceKind::document, {}});
  }
  take(end);
  state_ = State::top;
}

FhirSplitter::Step FhirSplitter::wrong(const char* at) {
  const bool bundle = has_entries_ || type_ == "Bundle";
  if (!bundle) pieces_.resize(first_piece_);
  lost_as_ = bundle ? PieceKind::broken : PieceKind::document;
  lost_from_ = bundle ? offset(at) : object_;
  take(at);
  state_ = State::lost;
  return Step::on;
}

// Goes on at the next line that starts with a value of its own.
FhirSplitter::Step FhirSplitter::at_lost() {
  for (const char* from = at_; from < end_;) {
    const auto* line = static_cast<const char*>(std::memchr(from, '\n', static_cast<std::size_t>(end_ - from)));
    if (line == nullptr) break;
    if (line + 1 == end_ && !last_) {
      take(line);
      return Step::wait;
    }
    if (line + 1 < end_ && line[1] == '{') {
      pieces_.push_back({lost_from_, offset(line), lost_as_, {}});
      take(line + 1);
      state_ = State::top;
      return Step::on;
    }
    from = line + 1;
  }
  take(end_);
  if (!last_) return Step::wait;
  pieces_.push_back({lost_from_, position_, lost_as_, {}});
  state_ = State::top;
  return Step::on;
}

}  // namespace pyojun
