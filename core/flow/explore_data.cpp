#include "core/flow/explore_data.h"

#include "core/base/hash.h"
#include "core/engine/image_order.h"

#include <algorithm>

namespace widthwise::flow {
namespace {

constexpr double k_report_share = 0.3;

/// Some images of another dataset, in its order.
class ChosenImages final : public Dataset {
public:
    ChosenImages(DatasetPtr whole, std::vector<int64_t> images)
        : m_whole(std::move(whole)), m_images(std::move(images)) {
        std::ranges::sort(m_images);
        Sha256 sum;
        sum.update(m_whole->hash() + " chosen ");
        sum.update(std::as_bytes(std::span(m_images)));
        m_hash = sum.finish();
        m_name = m_whole->name();
        m_preprocessing = m_whole->preprocessing();
        m_classes = m_whole->classes();
        m_class_count = m_whole->class_count();
        m_network_is_nhwc = m_whole->network_is_nhwc();
    }
    [[nodiscard]] int64_t size() const override { return static_cast<int64_t>(m_images.size()); }
    [[nodiscard]] int64_t label(int64_t index) const override { return m_whole->label(image(index)); }
    [[nodiscard]] std::array<int64_t, 3> image_shape() const override { return m_whole->image_shape(); }
    [[nodiscard]] Result<void> read(int64_t index, std::span<float> hwc) const override {
        return m_whole->read(image(index), hwc);
    }

private:
    [[nodiscard]] int64_t image(int64_t index) const { return m_images[static_cast<size_t>(index)]; }
    DatasetPtr m_whole;
    std::vector<int64_t> m_images;
};

/// Images at positions [begin, end) of the order drawn from `seed`.
DatasetPtr drawn(const DatasetPtr& data, uint64_t seed, int64_t begin, int64_t end) {
    if (begin == 0 && end >= data->size()) return data;
    const engine::ImageOrder order = engine::shuffled(*data, seed);
    return std::make_shared<const ChosenImages>(
        data, std::vector<int64_t>(order.images.begin() + begin, order.images.begin() + end));
}

} // namespace

DatasetPtr drawn_images(const DatasetPtr& data, uint64_t seed, int64_t count) {
    return drawn(data, seed, 0, count);
}

Result<ExploreData> explore_data(const ExploreRequest& request) {
    if (request.limit < 0)
        return fail(ErrorCode::usage, "the limit is negative", "--limit", "0 means all images");
    if (request.sensitivity_samples < 1)
        return fail(ErrorCode::usage, "sensitivities need at least one image", "sensitivity samples");
    ExploreData data{request.data, request.report_data, {}, {}};
    const bool same = data.report && data.report->hash() == data.search->hash();
    if (same) data.note = "the report data are the search data: split 70 : 30 as if none were named";
    if (same || !data.report) {
        const int64_t all = request.data->size();
        if (all < 2)
            return fail(ErrorCode::invalid_input, "one image cannot be split for search and report",
                        request.data->name(), "name report data");
        const auto kept = static_cast<int64_t>(k_report_share * static_cast<double>(all) + 0.5);
        const int64_t search = all - std::clamp<int64_t>(kept, 1, all - 1);
        data.search = drawn(request.data, request.seed, 0, search);
        data.report = drawn(request.data, request.seed, search, all);
    }
    if (request.limit > 0) data.search = drawn(data.search, request.seed, 0, request.limit);
    data.sensitivity = drawn(data.search, request.seed, 0, request.sensitivity_samples);
    return data;
}

} // namespace widthwise::flow
