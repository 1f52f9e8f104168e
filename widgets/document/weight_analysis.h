#pragma once
// What quantization does to the weights, computed in the background as the plan changes: SQNR of every layer,
// and the histogram of the selected one. Weights are taken as they run, BatchNormalization folded in.

#include "widgets/document/document.h"
#include "widgets/jobs/job_lane.h"

#include <map>

namespace widthwise::gui {

/// Counts over equal bins of [lo, hi], before and after quantization.
struct WeightHistogram {
    std::string layer;
    NumberFormat format;
    double lo = 0, hi = 0;
    std::vector<double> before, after; ///< after: empty for float32
    std::vector<double>
        levels; ///< of one quantizer for the whole tensor; empty when each channel has its own
    int64_t count = 0;
    std::optional<double> sqnr_db;
};

/// Pure. `weights` O x (anything) with O = `out_channels`. Errors: as quantize_weights.
[[nodiscard]] Result<WeightHistogram> weight_histogram(std::span<const float> weights, int64_t out_channels,
                                                       const NumberFormat& format, int bins = 96);

class WeightAnalysis : public QObject {
    Q_OBJECT
public:
    explicit WeightAnalysis(Document& document, QObject* parent = nullptr);
    ~WeightAnalysis() override;

    /// At the current plan; nullopt when the layer is not quantized or not computed yet.
    [[nodiscard]] std::optional<double> sqnr_db(const std::string& layer) const;
    /// Of the first selected layer with weights; null: none, or not computed yet.
    [[nodiscard]] std::shared_ptr<const WeightHistogram> histogram() const { return m_histogram; }

signals:
    void sqnrChanged();
    void histogramChanged();

private:
    void refresh();
    void refreshHistogram();

    Document& m_document;
    std::map<std::string, double> m_sqnr; ///< by layer and format
    std::shared_ptr<const WeightHistogram> m_histogram;
    JobLane m_sqnr_lane{JobLane::AtEnd::cancel};
    JobLane m_histogram_lane{JobLane::AtEnd::cancel};
};

} // namespace widthwise::gui
