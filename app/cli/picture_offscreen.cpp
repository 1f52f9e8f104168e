// The window's own chart, drawn offscreen.
#include "app/cli/picture.h"
#include "widgets/reporting/chart_svg.h"

#include <QString>
#include <QtGlobal>

#include <cstdio>
#include <string>
#include <utility>

namespace widthwise::cli {
namespace {

gui::DesignSpace space_of(const std::vector<report::Design>& designs) {
    gui::DesignSpace space;
    for (const report::Design& design : designs) {
        const Accuracy& accuracy = design.evaluation.accuracy;
        space.points.push_back({design.id, design.label, accuracy.top1, accuracy.top1_ci95.lo,
                                accuracy.top1_ci95.hi, design.cost.energy_j, design.cost.latency_s,
                                design.cost.area_mm2, design.cost.model_bytes});
        if (design.label == "w8a8") space.baseline_id = design.id;
    }
    return space;
}

/// Keeps Qt's remarks about the desktop it misses off stderr, which belongs to the command.
class QuietQt {
public:
    QuietQt() : m_old(qInstallMessageHandler(&QuietQt::handle)) {}
    ~QuietQt() { qInstallMessageHandler(m_old); }
    QuietQt(const QuietQt&) = delete;
    QuietQt& operator=(const QuietQt&) = delete;

private:
    static void handle(QtMsgType type, const QMessageLogContext&, const QString& text) {
        if (type == QtCriticalMsg || type == QtFatalMsg) std::fprintf(stderr, "%s\n", qPrintable(text));
    }
    QtMessageHandler m_old;
};

} // namespace

std::vector<report::Picture> design_space_pictures(const std::vector<report::Design>& designs) {
    const QuietQt quiet;
    gui::DesignSpace space = space_of(designs);
    std::vector<report::Picture> pictures;
    for (const auto& [axis, name] :
         {std::pair(gui::CostAxis::energy, "energy"), std::pair(gui::CostAxis::latency, "latency"),
          std::pair(gui::CostAxis::size, "model size")}) {
        space.axis = axis;
        pictures.push_back(
            {std::string("Accuracy against ") + name,
             "Measured top-1 with its 95 % interval; the line joins the designs that no other one beats.",
             gui::design_space_svg(space)});
    }
    return pictures;
}

} // namespace widthwise::cli
