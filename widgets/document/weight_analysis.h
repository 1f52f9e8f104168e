#pragma once
// What quantization does to the weights, computed in the background as the plan changes: SQNR of every layer,
// and the histogram of the selected one. Weights are taken as they run, BatchNormalization folded in where
// the plan folds it; passes that the plan asks for are not applied here.

#include "widgets/document/document.h"
#include "widgets/document/value_histogram.h"
#include "widgets/jobs/job_lane.h"

#include <map>

namespace widthwise::gui {

class WeightAnalysis : public QObject {
    Q_OBJECT
public:
    explicit WeightAnalysis(Document& document, QObject* parent = nullptr);
    ~WeightAnalysis() override;

    /// At the current plan; nullopt when the layer is not quantized or not computed yet.
    [[nodiscard]] std::optional<double> sqnr_db(const std::string& layer) const;
    /// Of the first selected layer with weights; null: none, or not computed yet.
    [[nodiscard]] std::shared_ptr<const ValueHistogram> histogram() const { return m_histogram; }

signals:
    void sqnrChanged();
    void histogramChanged();

private:
    /// What the SQNR of a layer depends on.
    struct Key {
        NumberFormat format;
        bool folded = true;
        std::shared_ptr<const LayerValues> values; ///< null: the network's own
        bool operator==(const Key&) const = default;
    };
    void refresh();
    void refreshHistogram();
    [[nodiscard]] Key keyOf(const std::string& layer) const;

    Document& m_document;
    std::map<std::string, std::vector<std::pair<Key, double>>> m_sqnr; ///< by layer
    std::shared_ptr<const ValueHistogram> m_histogram;
    Key m_histogram_key;
    JobLane m_sqnr_lane{JobLane::AtEnd::cancel};
    JobLane m_histogram_lane{JobLane::AtEnd::cancel};
};

} // namespace widthwise::gui
