// Where each HL7 v2 segment stands in the tree of a message: facts of the message structures of HL7 v2.1 to 2.8 (chapters 3 to 17).
#pragma once

#include <cstdint>
#include <span>

namespace pyojun {

// A segment id as one number, for tables and comparisons.
constexpr std::uint32_t segment_code(const char* id) {
  return static_cast<std::uint32_t>(static_cast<unsigned char>(id[0])) << 16 |
         static_cast<std::uint32_t>(static_cast<unsigned char>(id[1])) << 8 | static_cast<unsigned char>(id[2]);
}

enum class SegmentPlace : std::uint8_t {
  current,        // a node in the innermost open group: segments of no known place, and Z segments
  header,         // fields of the message itself
  patient_start,  // opens a group `patient`
  patient_field,  // fields of the group `patient`
  visit_start,    // as patient_field; a second one opens a further group under the same PID
  patient_node,   // a node in `patient`; closes the open order
  order_start,    // opens a group `order`
  order_detail,   // fields of `order`; opens one when there is none, or when the open one has had results or this segment already
  order_field,    // fields of `order`
  order_node,     // a node in `order`, which is opened when there is none
  result,         // order_node that ends what an order can be given
  note,           // belongs to the segment before it
  insurance,      // belongs to the IN1 before it
};

// Place of a segment; `current` for ids that are not in the table.
SegmentPlace place_of(std::uint32_t code);
std::span<const std::uint32_t> hl7_known_segments();
// Is the id in the table? Then a line of nothing but the id is a segment, too.
bool known_segment(std::uint32_t code);

}  // namespace pyojun
