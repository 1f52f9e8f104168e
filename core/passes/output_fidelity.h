#pragma once
// How near a changed network's outputs are to the float network's, on calibration images.

#include "core/passes/layer_capture.h"

#include <optional>
#include <vector>

namespace widthwise::passes {

class OutputFidelity {
public:
    /// Runs `reference` in float and keeps its outputs: of all images, or of as many as fit 64 MiB (at least
    /// one). Errors: as engine::predict.
    static Result<OutputFidelity> create(const Graph& reference, const Images& images,
                                         const WorkControl& control);

    /// 10 log10(sum y^2 / sum (y - y')^2) over all outputs and images; nullopt where they are equal. The same
    /// whatever the thread count.
    [[nodiscard]] Result<std::optional<double>> sqnr_db(const Graph& graph, const PrecisionPlan& resolved,
                                                        const WorkControl& control) const;

private:
    Images m_images;
    std::vector<std::vector<float>> m_reference; ///< by output: images x elements
};

} // namespace widthwise::passes
