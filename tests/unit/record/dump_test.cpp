// dump_json writes any tree as one JSON line.
#include <doctest/doctest.h>

#include <string>

#include "record/batch.hpp"

using namespace pyojun;

namespace {

struct Tree {
  SymbolTable names;
  RecordBatch batch;

  NodeIndex add(NodeIndex parent, std::string_view name, NodeKind kind, std::string_view text = {}) {
    const auto index = static_cast<NodeIndex>(batch.nodes.size());
    batch.nodes.push_back(Node{text.data(), static_cast<std::uint32_t>(text.size()), 0, 0, names.intern(name), kind});
    if (parent == 0) return index;
    NodeIndex* link = &batch.nodes[parent].child;
    while (*link != 0) link = &batch.nodes[*link].next;
    *link = index;
    return index;
  }
  std::string dump(NodeIndex root) {
    Record record;
    record.root = root;
    record.kind = names.intern("thing");
    record.offset = 5'000'000'000;
    record.length = 42;
    record.line = 2;
    std::string out;
    dump_json(batch, record, names, 7, out);
    return out;
  }
};

}  // namespace

TEST_CASE("kinds, repetition, own text and escapes") {
  Tree tree;
  const NodeIndex root = tree.add(0, "", NodeKind::object);
  tree.add(root, "n", NodeKind::number, "1.50");
  tree.add(root, "t", NodeKind::text, "a\"\\\n\x01");
  tree.add(root, "n", NodeKind::null);
  tree.add(root, "b", NodeKind::boolean, "true");
  const NodeIndex mixed = tree.add(root, "o", NodeKind::object, "own");
  tree.add(mixed, "empty", NodeKind::text, "");
  tree.add(root, "e", NodeKind::object);
  CHECK(tree.dump(root) ==
        "{\"kind\":\"thing\",\"offset\":5000000000,\"length\":42,\"line\":10,\"record\":"
        "{\"n\":[1.50,null],\"t\":\"a\\\"\\\\\\n\\u0001\",\"b\":true,\"o\":{\"@text\":\"own\",\"empty\":\"\"},\"e\":{}}}\n");
}

TEST_CASE("a record without members is an empty object") {
  Tree tree;
  CHECK(tree.dump(tree.add(0, "", NodeKind::object)).ends_with("\"record\":{}}\n"));
}
