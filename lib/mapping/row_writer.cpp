#include "mapping/row_writer.hpp"

#include <bit>
#include <cmath>

#include "base/registration_number.hpp"
#include "mapping/functions_korea.hpp"

namespace pyojun::mapping {

namespace {

enum class Put : std::uint8_t { done, absent, failed };

constexpr std::int32_t largest = std::numeric_limits<std::int32_t>::max();
const double null_number = std::bit_cast<double>(null_number_bits);

class Writer {
 public:
  Writer(Frame& frame, const Layout& layout, const Given& given, std::uint64_t& cut)
      : frame_(frame), layout_(layout), given_(given), cut_(cut) {}

  bool write(const Binding& binding, ColumnValues& out) {
    if (binding.group != no_group) note(binding);
    if (binding.fill == Fill::generic && binding.attribute != 0xFFFF && usual(binding, given_.values[binding.attribute], out)) return true;
    const Binding* how = &binding;
    for (;;) {
      const Put put = one(*how, out);
      if (put == Put::done) return true;
      if (put == Put::failed) return false;
      if (how->instead < 0) break;
      how = &layout_.spares[static_cast<std::size_t>(how->instead)];
    }
    if (binding.required && !binding.zero) {
      if (binding.group == no_group || out.instead != no_column) {
        fail(Code::required_absent, binding, Value());
        return false;
      }
      lacking_ |= std::uint64_t{3} << (2 * binding.group);  // another row of the key may say it: the warehouse refuses what stays without
    }
    null(binding, out);
    return true;
  }

  // A group without its required column is not said, whatever else of it is.
  std::uint64_t said() const { return said_ & ~lacking_; }

  static void null(const Binding& binding, ColumnValues& out) {
    switch (binding.storage) {
      case Storage::integers:
        out.integers.push_back(binding.zero ? 0 : binding.type == ColumnType::date ? null_date : null_integer);
        break;
      case Storage::datetimes:
        out.datetimes.push_back(null_datetime);
        break;
      case Storage::numbers:
        out.numbers.push_back(null_number);
        break;
      case Storage::texts:
        out.ends.push_back(static_cast<std::uint32_t>(out.heap.size()));
        break;
      case Storage::references:
        out.references.push_back({});
        break;
      case Storage::siblings:
        out.siblings.push_back(null_sibling);
        break;
      case Storage::constant:
        break;
    }
  }

 private:
  // Bit 2g: group g is said, if only to be nothing. Bit 2g + 1: its required column gets what is assumed.
  void note(const Binding& binding) {
    if (binding.attribute == 0xFFFF) return;
    const Value& value = given_.values[binding.attribute];
    if (value.present() || value.tag == Tag::null) said_ |= std::uint64_t{1} << (2 * binding.group);
    if (binding.required && !binding.zero && !value.present()) said_ |= std::uint64_t{2} << (2 * binding.group);
  }

  // What most cells are: a value of the column's own kind that fits. False: it takes a closer look, nothing is written.
  bool usual(const Binding& binding, const Value& value, ColumnValues& out) const {
    if (value.tag == Tag::text) {
      if (binding.storage != Storage::texts || value.length == 0) return false;
      if (binding.max_length != 0 && value.length > binding.max_length) return false;
      if (holds_person_number(frame_, value.text())) return false;
      out.heap.append(value.data, value.length);
      out.ends.push_back(static_cast<std::uint32_t>(out.heap.size()));
      return true;
    }
    if (value.tag == Tag::time) {
      if (binding.storage == Storage::datetimes && value.time.precision >= Precision::minute) {
        out.datetimes.push_back(std::int64_t{value.time.days} * 86'400'000'000 + value.time.micros);
        return true;
      }
      if (binding.storage != Storage::integers || binding.type != ColumnType::date || value.time.precision < Precision::day) return false;
      out.integers.push_back(value.time.days);
      return true;
    }
    if (value.tag != Tag::key || binding.storage != Storage::references) return false;
    out.references.push_back(value.key);
    return true;
  }

  BareNumbers bare() const { return frame_.plan->dialect_.bare_numbers; }

  Put fail(Code code, const Binding& binding, const Value& value) {
    Failure& failure = frame_.failure;
    if (!failure.failed) failure = {true, code, binding.field, value.node, layout_.table, binding.column};
    return Put::failed;
  }

  Put one(const Binding& binding, ColumnValues& out) {
    static const Value none;
    const Value& value = binding.attribute == 0xFFFF ? none : given_.values[binding.attribute];
    switch (binding.fill) {
      case Fill::generic:
        return generic(binding, value, out);
      case Fill::range_low:
      case Fill::range_high:
        return side(binding, value, out);
      case Fill::target:
        return concept_id(given_.route == nullptr ? 0 : given_.route->target, out);
      case Fill::code_source:
        return given_.code == nullptr ? Put::absent : concept_id(given_.code->source_concept, out);
      case Fill::code_text:
        return given_.code_text == nullptr ? Put::absent : text(binding, *given_.code_text, out);
      case Fill::value_number:
      case Fill::value_operator:
      case Fill::value_concept:
      case Fill::value_text:
      case Fill::value_source:
        return answer(binding, value, out);
      case Fill::concept_part:
        return concept_part(binding, value, out);
      case Fill::source_part:
        if (value.tag == Tag::integer) return Put::absent;
        return generic(binding, value, out);
      case Fill::source_concept_part:
        if (value.tag != Tag::code) return Put::absent;
        return concept_id(value.code->source_concept, out);
      case Fill::end_from_start:
        return end_from_start(binding, value, out);
    }
    return Put::absent;
  }

  Put concept_id(std::int32_t id, ColumnValues& out) {
    out.integers.push_back(id);
    return Put::done;
  }

  Put generic(const Binding& binding, const Value& value, ColumnValues& out) {
    if (!value.present()) return Put::absent;
    switch (binding.storage) {
      case Storage::texts:
        return texts(binding, value, out);
      case Storage::integers:
        return binding.type == ColumnType::date ? date(binding, value, out) : integer(binding, value, out);
      case Storage::datetimes:
        return datetime(binding, value, out);
      case Storage::numbers:
        return number(binding, value, out);
      case Storage::references:
        if (value.tag != Tag::key) return fail(Code::value_not_fitting, binding, value);
        out.references.push_back(value.key);
        return Put::done;
      case Storage::siblings:
        if (value.tag != Tag::sibling) return fail(Code::value_not_fitting, binding, value);
        out.siblings.push_back(given_.candidate);
        return Put::done;
      case Storage::constant:
        break;
    }
    return Put::absent;
  }

  Put side(const Binding& binding, const Value& value, ColumnValues& out) {
    if (value.tag != Tag::range) return binding.fill == Fill::range_low ? generic(binding, value, out) : Put::absent;
    const bool low = binding.fill == Fill::range_low;
    if (low ? !value.range->has_low : !value.range->has_high) return Put::absent;
    Value number;
    number.node = value.node;
    number.set_number(low ? value.range->low : value.range->high);
    return generic(binding, number, out);
  }

  // A text as it may be kept: registration numbers in it masked, which is told as a finding.
  std::string_view kept(const Binding& binding, std::string_view text) {
    if (!holds_person_number(frame_, text)) return text;
    frame_.left_out.push_back({true, Code::registration_masked, binding.field, 0, layout_.table, binding.column});
    masked_.clear();
    mask_registrations(masked_, text, bare());
    return masked_;
  }

  Put text(const Binding& binding, std::string_view text, ColumnValues& out) {
    if (text.empty()) return Put::absent;
    text = kept(binding, text);
    if (binding.max_length != 0 && text.size() > binding.max_length) {
      const std::size_t length = byte_of(text, binding.max_length);
      cut_ += length < text.size();
      text = text.substr(0, length);
    }
    out.heap.append(text);
    out.ends.push_back(static_cast<std::uint32_t>(out.heap.size()));
    return Put::done;
  }

  Put texts(const Binding& binding, const Value& value, ColumnValues& out) {
    std::string_view view;
    if (!text_of(frame_, value, view)) return fail(Code::value_not_fitting, binding, value);
    return text(binding, view, out);
  }

  Put integer(const Binding& binding, const Value& value, ColumnValues& out) {
    std::optional<std::int64_t> number;
    switch (value.tag) {
      case Tag::integer:
      case Tag::concept_id:
        number = value.integer;
        break;
      case Tag::number:
        if (value.number == std::trunc(value.number) && std::fabs(value.number) < 9e15) number = static_cast<std::int64_t>(value.number);
        break;
      case Tag::text:
        number = parse_integer(value.text());
        break;
      case Tag::code:
        number = value.code->targets.empty() ? 0 : value.code->targets[0];
        break;
      case Tag::answer:
        if (!value.answer->has_number) return Put::absent;
        if (value.answer->number == std::trunc(value.answer->number) && std::fabs(value.answer->number) < 9e15) {
          number = static_cast<std::int64_t>(value.answer->number);
        }
        break;
      default:
        return fail(Code::value_not_fitting, binding, value);
    }
    if (!number) return fail(Code::value_not_integer, binding, value);
    if (value.tag == Tag::concept_id && *number == null_integer) return Put::absent;
    if (*number > largest || *number < -largest) return fail(Code::value_too_large, binding, value);
    out.integers.push_back(static_cast<std::int32_t>(*number));
    return Put::done;
  }

  Put time(const Binding& binding, const Value& value, TimeValue& out) {
    if (value.tag == Tag::time) {
      out = value.time;
      return Put::done;
    }
    if (value.tag == Tag::text && parse_time(frame_, value.text(), out)) return Put::done;
    return fail(value.tag == Tag::text ? Code::value_not_date : Code::value_not_fitting, binding, value);
  }

  Put date(const Binding& binding, const Value& value, ColumnValues& out) {
    TimeValue when;
    if (const Put put = time(binding, value, when); put != Put::done) return put;
    if (when.precision < Precision::day) return fail(Code::value_partial_date, binding, value);
    out.integers.push_back(when.days);
    return Put::done;
  }

  Put datetime(const Binding& binding, const Value& value, ColumnValues& out) {
    TimeValue when;
    if (const Put put = time(binding, value, when); put != Put::done) return put;
    if (when.precision < Precision::minute) return Put::absent;  // no time of day was given: nothing is guessed
    out.datetimes.push_back(std::int64_t{when.days} * 86'400'000'000 + when.micros);
    return Put::done;
  }

  // Thirteen digits that a function made a number of. (Those of a birth in 2000 to 2009 lose their leading zeros and look like any number.)
  bool number_of_person(double number) const {
    if (number < 1e11 || number >= 1e13 || number != std::trunc(number)) return false;
    std::string digits = std::to_string(static_cast<std::int64_t>(number));
    digits.insert(0, 13 - digits.size(), '0');
    return is_registration(digits, bare());
  }

  Put number(const Binding& binding, const Value& value, ColumnValues& out) {
    double result = 0;
    switch (value.tag) {
      case Tag::integer:
        result = static_cast<double>(value.integer);
        break;
      case Tag::number:
        result = value.number;
        break;
      case Tag::answer:
        if (!value.answer->has_number) return Put::absent;
        result = value.answer->number;
        break;
      case Tag::text: {
        const auto parsed = parse_number(value.text());
        if (!parsed) return fail(Code::value_not_number, binding, value);
        result = *parsed;
        break;
      }
      default:
        return fail(Code::value_not_fitting, binding, value);
    }
    if (!std::isfinite(result)) return fail(Code::value_too_large, binding, value);
    if (number_of_person(result)) return fail(Code::value_is_registration, binding, value);
    out.numbers.push_back(result);
    return Put::done;
  }

  Put answer(const Binding& binding, const Value& value, ColumnValues& out) {
    const Answer* given = value.tag == Tag::answer ? value.answer : nullptr;
    switch (binding.fill) {
      case Fill::value_number:
        if (given == nullptr || !given->has_number) return Put::absent;
        if (number_of_person(given->number)) return fail(Code::value_is_registration, binding, value);
        out.numbers.push_back(given->number);
        return Put::done;
      case Fill::value_operator:
        if (given == nullptr || given->operator_concept == 0) return Put::absent;
        return concept_id(given->operator_concept, out);
      case Fill::value_concept: {
        const std::int32_t id = given_.route != nullptr && given_.route->value != 0 ? given_.route->value
                                : given == nullptr                                  ? 0
                                                                                    : given->concept_id;
        return id == 0 ? Put::absent : concept_id(id, out);
      }
      case Fill::value_text:
        return given == nullptr || given->exact ? Put::absent : text(binding, given->text, out);
      default:
        return given == nullptr ? Put::absent : text(binding, given->text, out);
    }
  }

  Put concept_part(const Binding& binding, const Value& value, ColumnValues& out) {
    if (value.tag == Tag::text || value.tag == Tag::time || value.tag == Tag::answer)
      return Put::absent;  // a source value without a concept
    return generic(binding, value, out);
  }

  Put end_from_start(const Binding& binding, const Value& value, ColumnValues& out) {
    if (!value.present()) return Put::absent;
    const Put put = date(binding, value, out);
    if (put != Put::done || given_.days_supply == 0xFFFF) return put;
    const Value& supply = given_.values[given_.days_supply];
    const auto days = supply.tag == Tag::integer ? std::optional(supply.integer)
                      : supply.tag == Tag::text  ? parse_integer(supply.text())
                                                 : std::nullopt;
    if (days && *days > 1 && *days < 36'500) out.integers.back() += static_cast<std::int32_t>(*days - 1);
    return put;
  }

  Frame& frame_;
  const Layout& layout_;
  const Given& given_;
  std::uint64_t& cut_;
  std::uint64_t said_ = 0, lacking_ = 0;
  std::string masked_;
};

}  // namespace

bool write_columns(Frame& frame, const Layout& layout, const Given& given, RowChunk& chunk, std::uint64_t& cut) {
  if (layout.missing != no_column) {
    if (!frame.failure.failed) frame.failure = {true, Code::required_absent, 0, 0, layout.table, layout.missing};
    return false;
  }
  Writer writer(frame, layout, given, cut);
  for (const Binding& binding : layout.bindings) {
    if (!writer.write(binding, chunk.columns[binding.place])) return false;
  }
  if (layout.grouped) chunk.said.push_back(writer.said());
  return true;
}

void write_nulls(const Layout& layout, RowChunk& chunk) {
  for (const Binding& binding : layout.bindings) Writer::null(binding, chunk.columns[binding.place]);
  if (layout.grouped) chunk.said.push_back(0);
}

bool write_constants(Frame& frame, const Layout& layout, RowChunk& chunk) {
  bool good = true;
  std::uint64_t cut = 0;
  for (const ConstantColumn& constant : layout.constants) {
    Binding how = constant.how;
    how.attribute = 0;
    how.fill = Fill::generic;
    const Given given{&constant.value, nullptr, nullptr, {}, 0xFFFF, 0};
    good = Writer(frame, layout, given, cut).write(how, chunk.columns[constant.place]) && good;
  }
  return good;
}

void cut_back(RowChunk& chunk) {
  const std::size_t rows = chunk.rows;
  for (ColumnValues& column : chunk.columns) {
    if (column.storage == Storage::constant) continue;
    if (column.integers.size() > rows) column.integers.resize(rows);
    if (column.datetimes.size() > rows) column.datetimes.resize(rows);
    if (column.numbers.size() > rows) column.numbers.resize(rows);
    if (column.references.size() > rows) column.references.resize(rows);
    if (column.siblings.size() > rows) column.siblings.resize(rows);
    if (column.storage != Storage::texts) continue;
    if (column.ends.size() > rows) column.ends.resize(rows);
    column.heap.resize(rows == 0 ? 0 : column.ends[rows - 1]);
  }
  if (chunk.keys.size() > rows) chunk.keys.resize(rows);
  if (chunk.versions.size() > rows) chunk.versions.resize(rows);
  if (chunk.orders.size() > rows) {
    chunk.orders.resize(rows);
    chunk.order_ends.resize(rows == 0 ? 0 : chunk.orders.back() + 1);
    chunk.order_heap.resize(rows == 0 ? 0 : chunk.order_ends.back());
  }
  if (chunk.within.size() > rows * chunk.within_each) chunk.within.resize(rows * chunk.within_each);
  if (chunk.said.size() > rows) chunk.said.resize(rows);
  chunk.records.resize(rows);
  chunk.candidates.resize(rows);
  chunk.leads.resize(rows);
  if (chunk.deletes.size() > rows) chunk.deletes.resize(rows);
}

}  // namespace pyojun::mapping
