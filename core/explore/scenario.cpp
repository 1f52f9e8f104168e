#include "core/explore/goals.h"

#include "core/base/text.h"

#include <algorithm>
#include <cmath>

namespace widthwise::explore {
namespace {

/// A limit as a share of w8a8's figure, or as it is.
struct Limit {
    Metric metric;
    double of_baseline = 0; ///< 0: `absolute` holds
    double absolute = 0;
};
struct Preset {
    Scenario scenario;
    std::vector<Metric> objectives;
    std::vector<Limit> limits;
};

// 99 % of the float model: "Submission Guidelines" of MLPerf Inference, closed division. 100 ms: Lin et al.
// 2018, "The architectural implications of autonomous driving" (the number from memory).
const std::vector<Preset>& presets() {
    static const std::vector<Preset> all = {
        {{"always-on-sensor", "Always-on sensor",
          "Runs all day from a small battery, with the weights kept on the chip: energy counts. At most half "
          "of w8a8's energy and of its model size, and 2 points of accuracy: a choice of ours, since no "
          "standard says."},
         {Metric::drop, Metric::energy},
         {{.metric = Metric::energy, .of_baseline = 0.5},
          {.metric = Metric::size, .of_baseline = 0.5},
          {.metric = Metric::drop, .absolute = 0.02}}},
        {{"mobile-camera", "Mobile camera",
          "Every frame of a 30 Hz video: a latency of at most 33.3 ms. Energy and latency both count. At "
          "most "
          "w8a8's energy and 1 point of accuracy: a choice of ours."},
         {Metric::drop, Metric::energy, Metric::latency},
         {{.metric = Metric::latency, .absolute = 1.0 / 30},
          {.metric = Metric::energy, .of_baseline = 1},
          {.metric = Metric::drop, .absolute = 0.01}}},
        {{"real-time-driving", "Real-time driving",
          "From the camera to the decision in at most 100 ms, ten times a second (Lin et al. 2018); the "
          "network is one part of that, so that latency counts and w8a8's may not be exceeded either. At "
          "most "
          "half a point of accuracy: a choice of ours, for safety."},
         {Metric::drop, Metric::latency},
         {{.metric = Metric::latency, .absolute = 0.1},
          {.metric = Metric::latency, .of_baseline = 1},
          {.metric = Metric::drop, .absolute = 0.005}}},
        {{"data-centre", "Data centre",
          "As many images a second as the machine can do, without more power than w8a8 takes (a choice of "
          "ours). MLPerf Inference asks for 99 % of the float model's quality: at most 1 point of accuracy."},
         {Metric::drop, Metric::throughput},
         {{.metric = Metric::power, .of_baseline = 1}, {.metric = Metric::drop, .absolute = 0.01}}},
    };
    return all;
}

} // namespace

const std::vector<Scenario>& scenarios() {
    static const std::vector<Scenario> all = [] {
        std::vector<Scenario> list;
        for (const Preset& preset : presets()) list.push_back(preset.scenario);
        return list;
    }();
    return all;
}

Result<Goals> scenario_goals(std::string_view name, const Figures& baseline) {
    const auto preset =
        std::ranges::find_if(presets(), [&](const Preset& p) { return p.scenario.name == name; });
    if (preset == presets().end()) {
        std::vector<std::string> known;
        for (const Scenario& scenario : scenarios()) known.push_back(scenario.name);
        return fail(ErrorCode::usage, "there is no scenario " + in_quotes(name), {},
                    "take one of " + join(known, ", "));
    }
    Goals goals{preset->objectives, {}};
    for (const Limit& limit : preset->limits) {
        if (limit.of_baseline == 0)
            goals.constraints.push_back({limit.metric, limit.absolute});
        else if (const double value = baseline[limit.metric]; std::isfinite(value) && value > 0)
            goals.constraints.push_back({limit.metric, limit.of_baseline * value});
    }
    return goals;
}

} // namespace widthwise::explore
