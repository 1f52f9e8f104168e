#include "core/cost/spatial_machine.h"

#include "core/cost/fpga_overlay.h"
#include "core/cost/layer_cost.h"
#include "core/cost/mapping_text.h"
#include "core/cost/nest_layer.h"
#include "core/cost/systolic_nest.h"
#include "core/cost/vector_layer.h"

namespace widthwise::cost {

SpatialMachine::SpatialMachine(const HardwareTarget& target, const Demand& demand)
    : m_target(target), m_chip(target, demand) {}

Result<MatrixResult> SpatialMachine::matrix(const MatrixProblem& problem, const Mapping* given) const {
    if (maps_nests(m_target)) return nest_layer(m_target, m_chip, problem, given);
    if (given)
        return fail(ErrorCode::unsupported, "this target's array maps no loops of its own", {},
                    "choose a target with scratchpads in its processing elements");
    const MatrixLayer layer = matrix_layer(m_chip, problem, m_target.dataflow, m_target.objective);
    MatrixResult result;
    result.figures = layer.figures;
    result.mapping = mapping_text(layer, m_chip, problem);
    result.nest = systolic_nest(layer, m_chip, problem);
    return result;
}

LayerFigures SpatialMachine::vector(const VectorWork& work) const {
    return vector_layer(m_chip, work);
}

double SpatialMachine::macs_per_cycle() const {
    return m_chip.macs_per_cycle();
}

std::map<std::string, double> SpatialMachine::area() const {
    return m_target.fpga ? std::map<std::string, double>() : chip_area(m_chip, m_target);
}

std::optional<FpgaResources> SpatialMachine::resources() const {
    return m_target.fpga ? std::optional(overlay_resources(m_target)) : std::nullopt;
}

std::optional<FpgaResources> SpatialMachine::available() const {
    return m_target.fpga ? std::optional(may_fill(*m_target.fpga)) : std::nullopt;
}

} // namespace widthwise::cost
