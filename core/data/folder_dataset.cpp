#include "core/data/folder_dataset.h"

#include "core/base/hash.h"
#include "core/base/worker_pool.h"
#include "core/data/byte_source.h"
#include "core/data/image_decode.h"
#include "core/data/labels_csv.h"

#include <algorithm>
#include <cctype>

namespace widthwise {
namespace {

namespace fs = std::filesystem;

/// Where the images are and what they show.
struct Listing {
    fs::path root;
    std::vector<LabelledFile> files;
    std::vector<std::string> classes;
    std::string labels_where; ///< for messages about labels
};

class FolderDataset final : public Dataset {
public:
    /// Preprocessors for gray and for colour images: a folder may mix them.
    FolderDataset(const DatasetCard& card, Listing listing, Preprocessor gray, Preprocessor colour,
                  std::string name, std::string hash)
        : m_root(std::move(listing.root))
        , m_files(std::move(listing.files))
        , m_gray(std::move(gray))
        , m_colour(std::move(colour)) {
        m_name = std::move(name);
        m_hash = std::move(hash);
        m_preprocessing = "folder, " + m_colour.describe();
        m_classes = std::move(listing.classes);
        for (const LabelledFile& file : m_files)
            m_class_count = std::max<int64_t>(m_class_count, file.label + int64_t{1});
        m_class_count = std::max<int64_t>(m_class_count, static_cast<int64_t>(m_classes.size()));
        m_network_is_nhwc = card.network_is_nhwc;
        m_shape = {m_colour.channels(), card.preprocessing.crop, card.preprocessing.crop};
    }

    [[nodiscard]] int64_t size() const override { return static_cast<int64_t>(m_files.size()); }
    [[nodiscard]] int64_t label(int64_t index) const override {
        return m_files[static_cast<size_t>(index)].label;
    }
    [[nodiscard]] std::array<int64_t, 3> image_shape() const override { return m_shape; }
    [[nodiscard]] Result<void> read(int64_t index, std::span<float> hwc) const override;

    /// Where the card does not crop, the first image says how large all are.
    [[nodiscard]] Result<void> take_shape_from_first();

private:
    [[nodiscard]] fs::path path(int64_t index) const {
        return m_root / m_files[static_cast<size_t>(index)].file;
    }
    [[nodiscard]] Result<DecodedImage> decode(int64_t index) const;
    [[nodiscard]] const Preprocessor& preprocessor(const DecodedImage& image) const {
        return image.channels == 1 ? m_gray : m_colour;
    }

    fs::path m_root;
    std::vector<LabelledFile> m_files;
    Preprocessor m_gray, m_colour;
    std::array<int64_t, 3> m_shape = {};
};

Result<DecodedImage> FolderDataset::decode(int64_t index) const {
    Result<std::vector<uint8_t>> bytes = read_whole_file(path(index));
    if (!bytes) return forward_error(bytes);
    Result<DecodedImage> image = decode_image(*bytes);
    if (!image) image.error().where = path(index).string();
    return image;
}

Result<void> FolderDataset::take_shape_from_first() {
    if (m_shape[1] > 0) return {};
    Result<DecodedImage> image = decode(0);
    if (!image) return forward_error(image);
    Result<ImagePlacement> at = m_colour.place(image->height, image->width);
    if (!at) {
        at.error().where = path(0).string();
        return forward_error(at);
    }
    m_shape = {m_colour.channels(), at->size[0], at->size[1]};
    return {};
}

Result<void> FolderDataset::read(int64_t index, std::span<float> hwc) const {
    Result<DecodedImage> image = decode(index);
    if (!image) return forward_error(image);
    const Preprocessor& preprocessor = this->preprocessor(*image);
    Result<ImagePlacement> at = preprocessor.place(image->height, image->width);
    if (!at) {
        at.error().where = path(index).string();
        return forward_error(at);
    }
    if (at->size != std::array{m_shape[1], m_shape[2]})
        return fail(ErrorCode::invalid_input,
                    "image of " + std::to_string(image->width) + "x" + std::to_string(image->height) +
                        " differs from the set's first image",
                    path(index).string(), "write a card with \"resize\" and \"crop\"");
    preprocessor.apply(interleaved_view(image->pixels.data(), image->channels, image->height, image->width),
                       *at, hwc);
    return {};
}

bool is_image_name(const fs::path& path) {
    std::string extension = path.extension().string();
    std::ranges::transform(extension, extension.begin(), [](unsigned char c) { return std::tolower(c); });
    return extension == ".jpg" || extension == ".jpeg" || extension == ".png";
}

/// Names in a folder, sorted, without hidden ones.
Result<std::vector<fs::path>> sorted_entries(const fs::path& folder) {
    std::error_code problem;
    std::vector<fs::path> entries;
    for (auto it = fs::directory_iterator(folder, problem); !problem && it != fs::directory_iterator();
         it.increment(problem))
        if (!it->path().filename().string().starts_with('.')) entries.push_back(it->path());
    if (problem)
        return fail(ErrorCode::invalid_input, "cannot be read: " + problem.message(), folder.string());
    std::sort(entries.begin(), entries.end());
    return entries;
}

/// A flat folder without labels: pictures alone, nothing else that could be meant.
Listing unlabelled(const fs::path& root, const std::vector<fs::path>& entries) {
    Listing listing{root, {}, {}, root.string()};
    for (const fs::path& entry : entries)
        if (is_image_name(entry)) listing.files.push_back({entry.filename().string(), -1});
    return listing;
}

Result<Listing> list_class_folders(const DatasetCard& card, const fs::path& root) {
    Listing listing{root, {}, card.classes, root.string()};
    Result<std::vector<fs::path>> entries = sorted_entries(root);
    if (!entries) return forward_error(entries);
    std::error_code ignored;
    const bool has_folders = std::ranges::any_of(
        *entries, [&](const fs::path& entry) { return fs::is_directory(entry, ignored); });
    if (!has_folders && card.classes.empty())
        if (Listing flat = unlabelled(root, *entries); !flat.files.empty()) return flat;
    std::erase_if(*entries, [&](const fs::path& entry) { return !fs::is_directory(entry, ignored); });
    if (card.classes.empty())
        for (const fs::path& entry : *entries) listing.classes.push_back(entry.filename().string());
    fs::path empty_class;
    for (const fs::path& entry : *entries) {
        const std::string class_name = entry.filename().string();
        const auto found = std::ranges::find(listing.classes, class_name);
        if (found == listing.classes.end())
            return fail(ErrorCode::invalid_input, "sub-directory is none of the card's classes",
                        entry.string(), "add it to \"classes\" or move it away");
        Result<std::vector<fs::path>> images = sorted_entries(entry);
        if (!images) return forward_error(images);
        std::erase_if(*images, [](const fs::path& file) { return !is_image_name(file); });
        if (images->empty() && empty_class.empty()) empty_class = entry;
        for (const fs::path& image : *images)
            listing.files.push_back({class_name + "/" + image.filename().string(),
                                     static_cast<int32_t>(found - listing.classes.begin())});
    }
    if (listing.files.empty())
        return fail(
            ErrorCode::invalid_input,
            "no data set: neither a card nor labels.csv nor images, in one sub-directory per class or "
            "without labels",
            root.string(), "add a card (JSON) that says what the files are");
    if (!empty_class.empty())
        return fail(ErrorCode::invalid_input, "class directory holds no JPEG or PNG image",
                    empty_class.string(), "fill it or move it away");
    return listing;
}

Result<Listing> list_images(const DatasetCard& card) {
    const fs::path& root = card.images.front();
    std::error_code ignored;
    if (!fs::is_directory(root, ignored))
        return fail(ErrorCode::invalid_input, fs::exists(root, ignored) ? "is no folder" : "folder not found",
                    root.string(), "\"images\" of a folder set is a directory, relative to the card");
    const fs::path csv = card.labels.value_or(root / "labels.csv");
    if (!card.labels && !fs::exists(csv, ignored)) return list_class_folders(card, root);
    Result<std::vector<LabelledFile>> files = read_labels_csv(csv);
    if (!files) return forward_error(files);
    for (const LabelledFile& file : *files)
        if (!card.classes.empty() && file.label >= static_cast<int64_t>(card.classes.size()))
            return fail(ErrorCode::invalid_input,
                        file.file + " has the label " + std::to_string(file.label) + ", but the card names " +
                            std::to_string(card.classes.size()) + " classes",
                        csv.string(), "name all classes, or none");
    return Listing{root, std::move(*files), card.classes, csv.string()};
}

/// Also the check that every listed file is there.
Result<std::string> hash_files(const DatasetCard& card, const Listing& listing) {
    std::vector<std::string> hashes(listing.files.size());
    Result<void> done =
        parallel_for(static_cast<int64_t>(hashes.size()), 0, [&](int64_t item, int) -> Result<void> {
            const auto i = static_cast<size_t>(item);
            Result<std::vector<uint8_t>> bytes = read_whole_file(listing.root / listing.files[i].file);
            if (!bytes) {
                if (bytes.error().remedy.empty()) bytes.error().remedy = "listed in " + listing.labels_where;
                return forward_error(bytes);
            }
            Sha256 hash;
            hash.update(std::as_bytes(std::span(*bytes)));
            hashes[i] = hash.finish();
            return {};
        });
    if (!done) return forward_error(done);
    Sha256 all;
    all.update(card.text);
    for (size_t i = 0; i < hashes.size(); ++i)
        all.update("\n" + listing.files[i].file + "," + std::to_string(listing.files[i].label) + "," +
                   hashes[i]);
    return all.finish();
}

} // namespace

Result<DatasetPtr> open_folder_dataset(const DatasetCard& card, std::string name) {
    Result<Listing> listing = list_images(card);
    if (!listing) return forward_error(listing);
    Result<std::string> hash = hash_files(card, *listing);
    if (!hash) return forward_error(hash);
    Result<Preprocessor> gray = Preprocessor::create(card.preprocessing, 1, true);
    Result<Preprocessor> colour = Preprocessor::create(card.preprocessing, 3, true);
    for (Result<Preprocessor>* preprocessor : {&gray, &colour})
        if (!*preprocessor) {
            preprocessor->error().where = name;
            return forward_error(*preprocessor);
        }
    auto dataset = std::make_shared<FolderDataset>(card, std::move(*listing), std::move(*gray),
                                                   std::move(*colour), std::move(name), std::move(*hash));
    if (Result<void> done = dataset->take_shape_from_first(); !done) return forward_error(done);
    return dataset;
}

} // namespace widthwise
