#pragma once
// A search over the small network's widths that takes milliseconds a design.

#include "core/flow/explore.h"
#include "core/flow/explore_log.h"
#include "tests/core/flow/small_world.h"

#include <QtGlobal>

namespace widthwise::test {

/// Noise whose labels are what the float network says of most of them, so that accuracy falls with the bits.
class LabelledNoise final : public NoiseImages {
public:
    LabelledNoise(uint64_t seed, int64_t images, const GraphPtr& graph) : NoiseImages(seed, images) {
        const auto predictions = engine::predict(graph, PrecisionPlan(), *this, {}, {});
        if (!predictions) qFatal("%s", predictions.error().to_line().c_str());
        Rng rng(seed + 1);
        for (const int32_t top1 : predictions->top1)
            m_labels.push_back(rng.uniform() < 0.9 ? top1 : static_cast<int64_t>(rng.below(k_classes)));
    }
    [[nodiscard]] int64_t label(int64_t index) const override {
        return m_labels.empty() ? NoiseImages::label(index) : m_labels[static_cast<size_t>(index)];
    }

private:
    std::vector<int64_t> m_labels;
};

template <typename T> T need(Result<T> result) {
    if (!result) qFatal("%s", result.error().to_line().c_str());
    return std::move(*result);
}

/// 3 layers x 4 widths of weights, activations at 8 bits.
inline flow::SpaceOptions weights_only() {
    flow::SpaceOptions options;
    options.weight_widths = {2, 3, 4, 8};
    options.activation_widths = {8};
    return options;
}

inline flow::ExploreRequest small_search(const flow::SpaceOptions& options = weights_only(),
                                         const std::string& target = "bitfusion") {
    flow::ExploreRequest request;
    request.model.source = request.model.name = request.model.hash = "small";
    request.model.graph = small_network();
    request.data = std::make_shared<LabelledNoise>(1, 320, request.model.graph);
    request.report_data = std::make_shared<LabelledNoise>(2, 200, request.model.graph);
    request.calibration_samples = 32;
    request.sensitivity_samples = 64;
    request.space = need(flow::make_space(*request.model.graph, PrecisionPlan(need(parse_bits("w8a8"))),
                                          need(cost::load_target(target)), options));
    request.budget = 30;
    return request;
}

inline flow::ExploreOutcome searched(const flow::ExploreRequest& request, flow::ExploreLog& log,
                                     const WorkControl& control = {}) {
    return need(flow::run_exploration(request, log, control));
}

} // namespace widthwise::test
