// Reads the widthwise-target/1 document.
#include "core/design/confidence_json.h"
#include "core/design/hardware_target.h"
#include "core/design/target_check.h"
#include "core/design/target_names.h"
#include "core/design/target_sections.h"

namespace widthwise {
namespace {

const std::vector<std::string> k_keys = {"format",
                                         "name",
                                         "description",
                                         "kind",
                                         "node_nm",
                                         "voltage_v",
                                         "clock_hz",
                                         "array",
                                         "dataflow",
                                         "objective",
                                         "mac",
                                         "mac_efficiency",
                                         "mac_pj",
                                         "zeros",
                                         "memory",
                                         "noc_pj_per_bit",
                                         "diagonal_multicast",
                                         "keeps_feature_maps",
                                         "static_power_w",
                                         "area_mm2",
                                         "sizing",
                                         "supports",
                                         "gpu",
                                         "fpga",
                                         "confidence",
                                         "sources"};

void read_scalars(ObjectReader& document, HardwareTarget& target) {
    document.text("name", target.name);
    document.text("description", target.description);
    document.choice("kind", k_kind_names, target.kind);
    document.number("node_nm", 7, 130, target.node_nm);
    document.number("voltage_v", 0.6, 1.3, target.voltage_v);
    document.number("clock_hz", 1e3, 1e11, target.clock_hz);
    document.section("array", {"rows", "cols"}, [&](ObjectReader& array) {
        array.integer("rows", 1, 65536, target.rows);
        array.integer("cols", 1, 65536, target.cols);
    });
    document.choice("dataflow", k_dataflow_names, target.dataflow);
    document.choice("objective", k_objective_names, target.objective);
    document.number("mac_efficiency", 1e-3, 1, target.mac_efficiency);
    document.number("mac_pj", 0, 1e6, target.mac_pj);
    document.number("noc_pj_per_bit", 0, 1e6, target.noc_pj_per_bit);
    document.flag("diagonal_multicast", target.diagonal_multicast);
    document.flag("keeps_feature_maps", target.keeps_feature_maps);
    document.number("static_power_w", 0, 1e5, target.static_power_w);
    document.number("area_mm2", 1e-6, 1e6, target.area_mm2);
    if (target.kind == TargetKind::fpga_dataflow) target.sizing = Sizing::to_design;
    document.choice("sizing", k_sizing_names, target.sizing);
}

} // namespace

Result<HardwareTarget> target_from_json(std::string_view text, const std::string& where) {
    const KeyPath top{where, {}};
    auto json = parse_document(text, top);
    if (!json) return forward_error(json);

    HardwareTarget target;
    Complaint complaint;
    ObjectReader document(*json, top, k_keys, complaint);
    std::string format;
    document.text("format", format);
    if (format != "widthwise-target/1")
        document.complain(top.key("format"), "not a target of this version",
                          "write \"format\": \"widthwise-target/1\"");
    read_scalars(document, target);
    check_kind(document, target);
    // The default levels were written for the default clock: keep their bandwidth in bytes per second.
    for (MemoryLevel& level : target.memory)
        if (level.bytes_per_cycle) *level.bytes_per_cycle *= HardwareTarget().clock_hz / target.clock_hz;
    read_mac(document, target);
    read_zeros(document, target);
    read_memory(document, target);
    read_supports(document, target);
    read_gpu(document, target);
    read_fpga(document, target);
    read_confidence(document, target.confidence);
    read_sources(document, target);
    if (auto done = complaint.done(); !done) return forward_error(done);
    check_consistent(document, target);
    if (auto done = complaint.done(); !done) return forward_error(done);
    return target;
}

} // namespace widthwise
