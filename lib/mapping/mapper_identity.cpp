// What a rule says about the identity of its rows: key, version, and what they stand in.
#include <algorithm>
#include <bit>

#include "base/registration_number.hpp"
#include "mapping/functions_korea.hpp"
#include "mapping/mapper_impl.hpp"

namespace pyojun::mapping {

namespace {

void hash_nodes(const RecordBatch& batch, NodeIndex node, const SymbolTable& names, std::string& out) {
  for (NodeIndex i = batch.nodes[node].child; i != 0; i = batch.nodes[i].next) {
    const Node& item = batch.nodes[i];
    const std::string_view name = names.name(item.name);
    if (name == "@file") continue;  // the same content in another file is still the same content
    out += name;
    out += '\x1F';
    out += static_cast<char>('0' + static_cast<int>(item.kind));
    out += item.text();
    out += '\x1E';
    if (item.child == 0) continue;
    hash_nodes(batch, i, names, out);
    out += '\x1D';
  }
}

constexpr std::int64_t micros_per_day = 86'400'000'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Eight bytes that sort like the number.
void add_sortable(std::int64_t number, std::string& out) {
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(number) ^ (std::uint64_t{1} << 63);
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(bits >> shift & 0xFF);
}

// Natural order: runs of digits compare as numbers (by how many digits they have without leading zeros, then by the digits).
void add_sortable(std::string_view text, std::string& out) {
  for (std::size_t i = 0; i < text.size();) {
    if (!is_digit(text[i])) {
      if (text[i] != '\0') out += text[i];
      ++i;
      continue;
    }
    while (i < text.size() && text[i] == '0') ++i;
    std::size_t end = i;
    while (end < text.size() && is_digit(text[end])) ++end;
    out += '0';
    std::size_t length = end - i;
    for (; length >= 0xFE; length -= 0xFE) out += '\xFF';
    out += static_cast<char>(1 + length);
    out += text.substr(i, end - i);
    i = end;
  }
}

}  // namespace

// A part that is absent or empty quarantines the candidate: a row without identity would be written again with every delivery.
bool PlanMapper::identify(const EmitPlan& emit, std::uint32_t ordinal, Identity& out) {
  out.key = emit.key_all ? content_key(emit.seed, ordinal) : key_of(frame_, emit.key, emit.seed);
  if (out.key || frame_.failure.failed) return !frame_.failure.failed;
  frame_.failure = {true, Code::key_absent, 0, 0, no_table, no_column};
  for (const Op* part : emit.key) {
    Value value;
    eval(*part, frame_, value);
    if (value.present()) continue;
    frame_.failure.field = part->field;
    frame_.failure.node = value.node;
    break;
  }
  return false;
}

// The record's bytes, so that columns and members nobody reads count too; its nodes for a batch that came without bytes.
Hash128 PlanMapper::content_key(std::uint64_t seed, std::uint32_t ordinal) {
  std::string_view content = frame_.batch->content_of(record_);
  if (content.empty()) {
    std::string& text = frame_.buffer;
    text.clear();
    hash_nodes(*frame_.batch, frame_.record->root, plan_->symbols_, text);
    content = text;
  }
  if (holds_registration(content, plan_->dialect_.bare_numbers)) {
    if (!frame_.failure.failed) frame_.failure = {true, Code::value_is_registration, 0, 0, no_table, no_column};
    return {};
  }
  const Hash128 key = hash128(content, seed ^ frame_.batch->shape);
  return ordinal == 0 ? key : combine(key, ordinal);
}

// Whole numbers as they are, times in microseconds; absent is older than everything.
std::int64_t PlanMapper::version_number(const Op& op) {
  Value value;
  eval(op, frame_, value);
  if (value.tag == Tag::integer) return value.integer;
  TimeValue time;
  if (value.tag == Tag::text) {
    if (const auto whole = parse_integer(value.text())) return *whole;
    if (!parse_time(frame_, value.text(), time)) {
      if (value.length != 0) frame_.fail(Code::value_not_date, op, value);
      return null_datetime;
    }
  } else if (value.tag == Tag::time) {
    time = value.time;
  } else {
    return null_datetime;
  }
  return std::int64_t{time.days} * micros_per_day + time.micros;
}

// The first value of `version` is kept as a number; the others become one text that sorts by the first that differs. In each an absent
// value comes first, then numbers and times, then texts in natural order; a zero byte ends it.
void PlanMapper::add_to_order(const Op& op) {
  Value value;
  eval(op, frame_, value);
  std::string_view text;
  if (value.tag == Tag::integer || value.tag == Tag::time) {
    order_ += '\x01';
    add_sortable(value.tag == Tag::integer ? value.integer : std::int64_t{value.time.days} * micros_per_day + value.time.micros, order_);
  } else if (value.present() && text_of(frame_, value, text) && !text.empty()) {
    if (holds_person_number(frame_, text)) frame_.fail(Code::value_is_registration, op, value);
    order_ += '\x02';
    add_sortable(text, order_);
  }
  order_ += '\0';
}

void PlanMapper::version_of(const EmitPlan& emit, Identity& out) {
  if (emit.version.empty()) return;
  RecordVersion none;
  RecordVersion& known = emit.record_version == 0xFFFF ? none : record_versions_[emit.record_version];
  std::size_t i = emit.record_versions;
  if (i != 0 && known.visit == frame_.visits[0]) {
    out.version = known.number;
    order_ = known.order;
  } else {
    out.version = version_number(*emit.version[0]);
    order_.clear();
    for (i = 1; i < emit.record_versions; ++i) add_to_order(*emit.version[i]);
    if (emit.record_versions != 0 && !frame_.failure.failed) known = {frame_.visits[0], out.version, order_};
  }
  for (i = std::max<std::size_t>(i, 1); i < emit.version.size(); ++i) add_to_order(*emit.version[i]);
  out.order = order_;
}

void PlanMapper::within_of(const EmitPlan& emit, Identity& out) {
  within_.clear();
  for (const Op* op : emit.within) {
    Value value;
    eval(*op, frame_, value);
    within_.push_back(value.tag == Tag::key ? value.key : Hash128{});
  }
  out.within = within_;
}

// Rows of one record have one text, which is kept once.
void PlanMapper::add_order(RowChunk& chunk, std::string_view order) {
  const std::size_t texts = chunk.order_ends.size();
  const std::size_t begin = texts < 2 ? 0 : chunk.order_ends[texts - 2];
  if (texts == 0 || std::string_view(chunk.order_heap).substr(begin) != order) {
    chunk.order_heap += order;
    chunk.order_ends.push_back(static_cast<std::uint32_t>(chunk.order_heap.size()));
  }
  chunk.orders.push_back(static_cast<std::uint32_t>(chunk.order_ends.size() - 1));
}

}  // namespace pyojun::mapping
