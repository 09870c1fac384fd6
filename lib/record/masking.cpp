#include "record/masking.hpp"

#include <vector>

#include "base/registration_number.hpp"

namespace pyojun {

namespace {

// Whether a node's name is one of the number, asked once for each name.
class Names {
 public:
  explicit Names(const SymbolTable& names) : names_(names) {}
  bool registration(Symbol name) {
    if (known_.size() <= name) known_.resize(name + 1, unknown);
    if (known_[name] == unknown) known_[name] = named_registration(names_.name(name)) ? yes : no;
    return known_[name] == yes;
  }

 private:
  enum Answer : char { unknown, yes, no };
  const SymbolTable& names_;
  std::vector<Answer> known_;
};

}  // namespace

void mask_registrations(RecordBatch& batch, const SymbolTable& names) {
  Names known(names);
  for (Node& node : batch.nodes) {
    const std::string_view text = node.text();
    if (text.size() < 13) continue;
    const bool column = known.registration(node.name);
    if (!column && !holds_registration(text, BareNumbers::guarded)) continue;
    std::string& masked = batch.store.emplace_back();
    if (column || is_registration(text, BareNumbers::guarded)) {
      append_column_registration(masked, text);
    } else {
      mask_registrations(masked, text, BareNumbers::guarded);
    }
    node.data = masked.data();
    node.length = static_cast<std::uint32_t>(masked.size());
    if (node.kind == NodeKind::number) node.kind = NodeKind::text;  // '*' is no number of JSON
  }
}

}  // namespace pyojun
