#include "widgets/energy_parts.h"

#include "widgets/theme.h"

#include <QObject>

namespace widthwise::gui {

const std::array<EnergyPart, 6>& energy_parts() {
    static const std::array<EnergyPart, 6> all{
        {{QObject::tr("compute"), &EnergyBreakdown::compute_j, okabe_ito::blue},
         {QObject::tr("registers"), &EnergyBreakdown::registers_j, okabe_ito::sky},
         {QObject::tr("on-chip network"), &EnergyBreakdown::noc_j, okabe_ito::green},
         {QObject::tr("buffer"), &EnergyBreakdown::buffer_j, okabe_ito::orange},
         {QObject::tr("DRAM"), &EnergyBreakdown::dram_j, okabe_ito::vermillion},
         {QObject::tr("static"), &EnergyBreakdown::static_j, okabe_ito::purple}}};
    return all;
}

} // namespace widthwise::gui
