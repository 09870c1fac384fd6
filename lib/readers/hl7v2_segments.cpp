#include "readers/hl7v2_segments.hpp"

#include <algorithm>
#include <array>

namespace pyojun {

namespace {

struct Row {
  std::uint32_t code;
  SegmentPlace place;
};

constexpr std::array table = [] {
  using enum SegmentPlace;
  std::array rows{
      Row{segment_code("MSH"), header},        Row{segment_code("EVN"), header},        Row{segment_code("PID"), patient_start},
      Row{segment_code("PD1"), patient_field}, Row{segment_code("PV2"), patient_field}, Row{segment_code("PV1"), visit_start},
      Row{segment_code("MRG"), visit_start},   Row{segment_code("NK1"), patient_node},  Row{segment_code("DB1"), patient_node},
      Row{segment_code("AL1"), patient_node},  Row{segment_code("IAM"), patient_node},  Row{segment_code("DG1"), patient_node},
      Row{segment_code("DRG"), patient_node},  Row{segment_code("PR1"), patient_node},  Row{segment_code("PRB"), patient_node},
      Row{segment_code("PTH"), patient_node},  Row{segment_code("GOL"), patient_node},  Row{segment_code("GT1"), patient_node},
      Row{segment_code("IN1"), patient_node},  Row{segment_code("IN2"), insurance},     Row{segment_code("IN3"), insurance},
      Row{segment_code("ACC"), patient_node},  Row{segment_code("UB1"), patient_node},  Row{segment_code("UB2"), patient_node},
      Row{segment_code("ABS"), patient_node},  Row{segment_code("BLC"), patient_node},  Row{segment_code("RMI"), patient_node},
      Row{segment_code("FT1"), patient_node},  Row{segment_code("ARV"), patient_node},  Row{segment_code("RGS"), patient_node},
      Row{segment_code("AIS"), patient_node},  Row{segment_code("AIG"), patient_node},  Row{segment_code("AIL"), patient_node},
      Row{segment_code("AIP"), patient_node},  Row{segment_code("ORC"), order_start},   Row{segment_code("OBR"), order_detail},
      Row{segment_code("RXO"), order_detail},  Row{segment_code("RXE"), order_detail},  Row{segment_code("RXD"), order_detail},
      Row{segment_code("RXG"), order_detail},  Row{segment_code("RXA"), order_detail},  Row{segment_code("TXA"), order_detail},
      Row{segment_code("ODS"), order_detail},  Row{segment_code("ODT"), order_detail},  Row{segment_code("RQD"), order_detail},
      Row{segment_code("RXR"), order_field},   Row{segment_code("RXC"), order_node},    Row{segment_code("TQ1"), order_node},
      Row{segment_code("TQ2"), order_node},    Row{segment_code("SPM"), order_node},    Row{segment_code("SAC"), order_node},
      Row{segment_code("CTI"), order_node},    Row{segment_code("BLG"), order_node},    Row{segment_code("CTD"), order_node},
      Row{segment_code("OBX"), result},        Row{segment_code("NTE"), note},          Row{segment_code("SCH"), current},
      Row{segment_code("SFT"), current},       Row{segment_code("ROL"), current},       Row{segment_code("PRT"), current},
      Row{segment_code("CON"), current},       Row{segment_code("MSA"), current},       Row{segment_code("ERR"), current},
      Row{segment_code("DSC"), current},       Row{segment_code("FHS"), current},       Row{segment_code("BHS"), current},
      Row{segment_code("BTS"), current},       Row{segment_code("FTS"), current},
  };
  std::ranges::sort(rows, {}, &Row::code);
  return rows;
}();

const Row* find(std::uint32_t code) {
  const auto* const found = std::ranges::lower_bound(table, code, {}, &Row::code);
  return found != table.end() && found->code == code ? found : nullptr;
}

constexpr auto codes = [] {
  std::array<std::uint32_t, table.size()> out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = table[i].code;
  return out;
}();

}  // namespace

SegmentPlace place_of(std::uint32_t code) {
  const Row* const row = find(code);
  return row == nullptr ? SegmentPlace::current : row->place;
}

std::span<const std::uint32_t> hl7_known_segments() { return codes; }

bool known_segment(std::uint32_t code) { return find(code) != nullptr; }

}  // namespace pyojun
