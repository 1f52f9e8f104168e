#pragma once
// What the benchmarks of training share: accuracy in the integer engine, calibrated designs, options of the
// command line.

#include "core/base/text.h"
#include "core/data/dataset.h"
#include "core/engine/evaluator.h"
#include "core/passes/prepare.h"
#include "core/train/trainer.h"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

namespace widthwise::bench {

template <typename T> T need(Result<T> result) {
    if (!result) {
        std::printf("not measured: %s\n", result.error().to_line().c_str());
        std::exit(1);
    }
    return std::move(*result);
}
inline void need(const Result<void>& result) {
    if (result) return;
    std::printf("not measured: %s\n", result.error().to_line().c_str());
    std::exit(1);
}

/// NAME=NUMBER of the command line; what is not among `values` ends the program with the list.
inline void read_options(int argc, char** argv, std::map<std::string, double>& values) {
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        const size_t equals = argument.find('=');
        const auto found = values.find(std::string(argument.substr(0, equals)));
        const auto value =
            equals == std::string_view::npos ? std::nullopt : parse_double(argument.substr(equals + 1));
        if (found == values.end() || !value) {
            std::printf("%s: the options and their defaults are", argv[i]);
            for (const auto& [name, standard] : values) std::printf(" %s=%g", name.c_str(), standard);
            std::printf("\n");
            std::exit(2);
        }
        found->second = *value;
    }
}

class Stopwatch {
public:
    [[nodiscard]] double seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - m_begin).count();
    }

private:
    std::chrono::steady_clock::time_point m_begin = std::chrono::steady_clock::now();
};

/// Share of `data` that the engine gets right, 0..1; integers where the plan allows.
inline double top1(const GraphPtr& graph, const PrecisionPlan& resolved, const Dataset& data) {
    const auto predictions = need(engine::predict(graph, resolved, data, {}, {}));
    return engine::compare(data, predictions, predictions).top1;
}

/// Half the width of the 95 % interval of a share measured on `samples` images (normal approximation), in
/// points.
inline double half_width(double share, int64_t samples) {
    return 100 * 1.96 * std::sqrt(share * (1 - share) / static_cast<double>(samples));
}

/// Formats with a range rule for what calibration has to find.
inline NumberFormat with_range(NumberFormat format, RangeRuleType rule) {
    format.range.type = rule;
    return format;
}

} // namespace widthwise::bench
