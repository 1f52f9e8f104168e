#include "core/base/hash.h"
#include "core/base/text.h"
#include "core/data/dataset.h"

#include <algorithm>

namespace widthwise {
namespace {

class JoinedDataset final : public Dataset {
public:
    explicit JoinedDataset(std::vector<DatasetPtr> parts) : m_parts(std::move(parts)) {
        const Dataset& first = *m_parts.front();
        m_preprocessing = first.preprocessing();
        m_classes = first.classes();
        m_network_is_nhwc = first.network_is_nhwc();
        std::vector<std::string> names, hashes;
        for (const DatasetPtr& part : m_parts) {
            names.push_back(part->name());
            hashes.push_back(part->hash());
            m_class_count = std::max(m_class_count, part->class_count());
            m_ends.push_back((m_ends.empty() ? 0 : m_ends.back()) + part->size());
        }
        m_name = join(names, " + ");
        m_hash = sha256(join(hashes, " + "));
    }
    [[nodiscard]] int64_t size() const override { return m_ends.back(); }
    [[nodiscard]] int64_t label(int64_t index) const override {
        const auto [part, local] = locate(index);
        return part->label(local);
    }
    [[nodiscard]] std::array<int64_t, 3> image_shape() const override {
        return m_parts.front()->image_shape();
    }
    [[nodiscard]] Result<void> read(int64_t index, std::span<float> hwc) const override {
        const auto [part, local] = locate(index);
        return part->read(local, hwc);
    }

private:
    [[nodiscard]] std::pair<const Dataset*, int64_t> locate(int64_t index) const {
        const auto part =
            static_cast<size_t>(std::upper_bound(m_ends.begin(), m_ends.end(), index) - m_ends.begin());
        return {m_parts[part].get(), index - (part == 0 ? 0 : m_ends[part - 1])};
    }
    std::vector<DatasetPtr> m_parts;
    std::vector<int64_t> m_ends; ///< index after each part's last image
};

} // namespace

Result<DatasetPtr> join_datasets(std::vector<DatasetPtr> parts) {
    if (parts.size() == 1) return parts.front();
    for (const DatasetPtr& part : parts) {
        const Dataset& first = *parts.front();
        if (part->image_shape() == first.image_shape() &&
            part->network_is_nhwc() == first.network_is_nhwc() &&
            (part->classes().empty() || first.classes().empty() || part->classes() == first.classes()))
            continue;
        return fail(ErrorCode::invalid_input, "its images or classes are not those of " + first.name(),
                    part->name(), "give sets of one shape, layout and list of classes");
    }
    return std::make_shared<const JoinedDataset>(std::move(parts));
}

} // namespace widthwise
