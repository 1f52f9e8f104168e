#include "core/data/dataset.h"

#include "core/base/hash.h"
#include "core/data/array_dataset.h"
#include "core/data/dataset_card.h"
#include "core/data/folder_dataset.h"
#include "core/data/synthetic.h"

#include <algorithm>
#include <new>

namespace widthwise {
namespace {

class FirstImages final : public Dataset {
public:
    FirstImages(DatasetPtr whole, int64_t count) : m_whole(std::move(whole)), m_count(count) {
        m_name = m_whole->name();
        m_hash = sha256(m_whole->hash() + " first " + std::to_string(count));
        m_preprocessing = m_whole->preprocessing();
        m_classes = m_whole->classes();
        m_class_count = m_whole->class_count();
        m_network_is_nhwc = m_whole->network_is_nhwc();
    }
    [[nodiscard]] int64_t size() const override { return m_count; }
    [[nodiscard]] int64_t label(int64_t index) const override { return m_whole->label(index); }
    [[nodiscard]] std::array<int64_t, 3> image_shape() const override { return m_whole->image_shape(); }
    [[nodiscard]] Result<void> read(int64_t index, std::span<float> hwc) const override {
        return m_whole->read(index, hwc);
    }

private:
    DatasetPtr m_whole;
    int64_t m_count;
};

/// A folder without a card: images per class or labels.csv; pixels become 0..1.
DatasetCard default_card(const std::filesystem::path& folder) {
    DatasetCard card;
    card.format = DataFormat::folder;
    card.images = {folder};
    card.preprocessing.channels = ChannelOrder::rgb;
    return card;
}

Result<DatasetCard> find_card(const std::filesystem::path& where) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(where, ignored)) return read_card(where);
    const std::vector<std::filesystem::path> cards = find_cards(where);
    if (cards.size() == 1) return read_card(cards.front());
    if (cards.empty()) return default_card(where);
    std::string names;
    for (const auto& card : cards) names += (names.empty() ? "" : " ") + card.filename().string();
    return fail(ErrorCode::invalid_input, "folder holds several cards", where.string(),
                "name one of them: " + names);
}

} // namespace

Result<DatasetPtr> open_dataset(const std::string& where) {
    if (where == "demo") return demo_test();
    if (where == "demo:train") return demo_train();
    if (where.empty())
        return fail(ErrorCode::invalid_input, "no data named", {}, "name a card, a folder or \"demo\"");
    try {
        Result<DatasetCard> card = find_card(where);
        if (!card) return forward_error(card);
        return card->format == DataFormat::folder ? open_folder_dataset(*card, where)
                                                  : open_array_dataset(*card, where);
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::out_of_memory, "out of memory", where);
    }
}

DatasetPtr first_images(DatasetPtr dataset, int64_t count) {
    if (count >= dataset->size()) return dataset;
    return std::make_shared<const FirstImages>(std::move(dataset), std::max<int64_t>(count, 1));
}

} // namespace widthwise
