#include "core/data/array_dataset.h"

#include "core/base/hash.h"
#include "core/base/worker_pool.h"
#include "core/data/byte_source.h"
#include "core/data/cifar.h"
#include "core/data/idx.h"
#include "core/data/npy.h"

namespace widthwise {
namespace {

class ArrayDataset final : public Dataset {
public:
    ArrayDataset(const DatasetCard& card, ArraySet set, Preprocessor preprocessor,
                 const ImagePlacement& placement, std::string name, std::string hash)
        : m_set(std::move(set)), m_preprocessor(std::move(preprocessor)), m_placement(placement) {
        m_name = std::move(name);
        m_hash = std::move(hash);
        m_preprocessing = std::string(to_string(card.format)) + ", " + m_preprocessor.describe();
        m_classes = card.classes;
        if (!m_set.labels.empty()) {
            const int32_t highest = *std::max_element(m_set.labels.begin(), m_set.labels.end());
            m_class_count = std::max<int64_t>(highest + int64_t{1}, static_cast<int64_t>(m_classes.size()));
        }
        m_network_is_nhwc = card.network_is_nhwc;
    }

    [[nodiscard]] int64_t size() const override { return m_set.images.count; }
    [[nodiscard]] int64_t label(int64_t index) const override {
        return m_set.labels.empty() ? -1 : m_set.labels[static_cast<size_t>(index)];
    }
    [[nodiscard]] std::array<int64_t, 3> image_shape() const override {
        return {m_preprocessor.channels(), m_placement.size[0], m_placement.size[1]};
    }
    [[nodiscard]] Result<void> read(int64_t index, std::span<float> hwc) const override {
        const ArrayImages& images = m_set.images;
        const int64_t elements = images.channels * images.height * images.width;
        std::visit(
            [&](const auto& pixels) {
                m_preprocessor.apply(planar_view(pixels.data() + index * elements, images.channels,
                                                 images.height, images.width),
                                     m_placement, hwc);
            },
            images.pixels);
        return {};
    }

private:
    ArraySet m_set;
    Preprocessor m_preprocessor;
    ImagePlacement m_placement;
};

Result<void> check_labels(const DatasetCard& card, const ArraySet& set) {
    const bool carries_labels = card.format == DataFormat::cifar10 || card.format == DataFormat::cifar100;
    if (!card.labels && !carries_labels) return {}; // an unlabelled set
    const std::string labels = card.labels ? card.labels->string() : card.images.front().string();
    if (set.images.count != static_cast<int64_t>(set.labels.size()))
        return fail(ErrorCode::invalid_input,
                    std::to_string(set.images.count) + " images but " + std::to_string(set.labels.size()) +
                        " labels",
                    labels, "do images and labels belong to the same set?");
    for (size_t i = 0; i < set.labels.size(); ++i)
        if (!card.classes.empty() && set.labels[i] >= static_cast<int64_t>(card.classes.size()))
            return fail(ErrorCode::invalid_input,
                        "image " + std::to_string(i) + " has the label " + std::to_string(set.labels[i]) +
                            ", but the card names " + std::to_string(card.classes.size()) + " classes",
                        labels, "name all classes, or none");
    return {};
}

} // namespace

Result<DatasetPtr> open_array_dataset(const DatasetCard& card, std::string name) {
    std::vector<std::filesystem::path> files = card.images;
    if (card.labels) files.push_back(*card.labels);
    std::vector<std::string> hashes(files.size());
    Result<ArraySet> set = ArraySet{};
    // Item 0 reads, the others hash. What is wrong with the content is kept apart, so that it wins over a
    // hashing error.
    Result<void> hashed =
        parallel_for(static_cast<int64_t>(files.size()) + 1, 0, [&](int64_t item, int) -> Result<void> {
            if (item > 0) {
                const auto file = static_cast<size_t>(item - 1);
                if (Result<void> readable = check_regular_file(files[file]); !readable) return readable;
                Result<std::string> hash = sha256_file(files[file]);
                if (!hash) return forward_error(hash);
                hashes[file] = std::move(*hash);
                return {};
            }
            set = [&]() -> Result<ArraySet> {
                if (card.format == DataFormat::cifar10) return read_cifar(card.images, CifarKind::cifar10);
                if (card.format == DataFormat::cifar100) return read_cifar(card.images, CifarKind::cifar100);
                const bool idx = card.format == DataFormat::idx;
                Result<Labels> labels;
                if (card.labels) labels = idx ? read_idx_labels(*card.labels) : read_npy_labels(*card.labels);
                if (!labels) return forward_error(labels);
                Result<ArrayImages> images =
                    idx ? read_idx_images(card.images.front()) : read_npy_images(card.images.front());
                if (!images) return forward_error(images);
                return ArraySet{std::move(*images), std::move(*labels)};
            }();
            return {};
        });
    if (!set) return forward_error(set);
    if (!hashed) return forward_error(hashed);
    if (Result<void> fits = check_labels(card, *set); !fits) return forward_error(fits);

    const std::string where = card.images.front().string();
    const bool bytes = std::holds_alternative<std::vector<uint8_t>>(set->images.pixels);
    Result<Preprocessor> preprocessor = Preprocessor::create(card.preprocessing, set->images.channels, bytes);
    if (!preprocessor) {
        preprocessor.error().where = name;
        return forward_error(preprocessor);
    }
    Result<ImagePlacement> placement = preprocessor->place(set->images.height, set->images.width);
    if (!placement) {
        placement.error().where = where;
        return forward_error(placement);
    }
    Sha256 all;
    all.update(card.text);
    for (const std::string& hash : hashes) all.update("\n" + hash);
    return std::make_shared<const ArrayDataset>(card, std::move(*set), std::move(*preprocessor), *placement,
                                                std::move(name), all.finish());
}

} // namespace widthwise
