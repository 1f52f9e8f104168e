#include "core/design/hardware_target.h"

#include "core/design/target_names.h"

namespace widthwise {

std::string_view to_string(TargetKind kind) {
    return k_kind_names[static_cast<size_t>(kind)];
}

std::string_view to_string(Dataflow dataflow) {
    return k_dataflow_names[static_cast<size_t>(dataflow)];
}

std::string_view to_string(MacStyle style) {
    return k_mac_style_names[static_cast<size_t>(style)];
}

std::string_view to_string(SerialOperands operands) {
    return k_serial_names[static_cast<size_t>(operands)];
}

std::string_view to_string(Objective objective) {
    return k_objective_names[static_cast<size_t>(objective)];
}

std::string_view to_string(DspKind kind) {
    return k_dsp_names[static_cast<size_t>(kind)];
}

std::string_view to_string(Basis basis) {
    return k_basis_names[static_cast<size_t>(basis)];
}

} // namespace widthwise
