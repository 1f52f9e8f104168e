#include "core/passes/output_fidelity.h"

#include <algorithm>
#include <cmath>

namespace widthwise::passes {

Result<OutputFidelity> OutputFidelity::create(const Graph& reference, const Images& images,
                                              const WorkControl& control) {
    int64_t elements = 0;
    for (const ValueId output : reference.outputs()) elements += reference.value(output).shape.elements();
    constexpr int64_t most = (int64_t{64} << 20) / static_cast<int64_t>(sizeof(float));
    OutputFidelity fidelity;
    fidelity.m_images = {images.data,
                         std::clamp<int64_t>(most / std::max<int64_t>(1, elements), 1, images.samples)};
    for (const ValueId output : reference.outputs())
        fidelity.m_reference.emplace_back(
            static_cast<size_t>(reference.value(output).shape.elements() * fidelity.m_images.samples));
    Result<void> ok = watch_outputs(reference, PrecisionPlan(), fidelity.m_images, control,
                                    [&](int64_t image, size_t which, std::span<const float> values) {
                                        std::copy(values.begin(), values.end(),
                                                  fidelity.m_reference[which].begin() +
                                                      image * static_cast<int64_t>(values.size()));
                                    });
    if (!ok) return forward_error(ok);
    return fidelity;
}

Result<std::optional<double>> OutputFidelity::sqnr_db(const Graph& graph, const PrecisionPlan& resolved,
                                                      const WorkControl& control) const {
    const size_t outputs = m_reference.size();
    std::vector<double> signal(static_cast<size_t>(m_images.samples) * outputs), noise(signal.size());
    Result<void> ok = watch_outputs(
        graph, resolved, m_images, control, [&](int64_t image, size_t which, std::span<const float> values) {
            const auto at = static_cast<size_t>(image);
            const float* wanted = &m_reference[which][at * values.size()];
            double s = 0, n = 0;
            for (size_t i = 0; i < values.size(); ++i) {
                const double y = wanted[i], e = y - static_cast<double>(values[i]);
                s += y * y;
                n += e * e;
            }
            signal[at * outputs + which] = s;
            noise[at * outputs + which] = n;
        });
    if (!ok) return forward_error(ok);
    double s = 0, n = 0;
    for (size_t i = 0; i < signal.size(); ++i) {
        s += signal[i];
        n += noise[i];
    }
    if (n <= 0 || s <= 0) return std::optional<double>{};
    return std::optional<double>{10 * std::log10(s / n)};
}

} // namespace widthwise::passes
