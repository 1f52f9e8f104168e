#include "core/data/dataset_card.h"

#include "core/base/text.h"
#include "core/data/byte_source.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace widthwise {
namespace {

using nlohmann::json;

constexpr uint64_t k_max_card_bytes = uint64_t{16} << 20;
constexpr int64_t k_max_side = 8192;
const std::vector<std::string> k_keys = {"format",   "images", "labels", "classes", "resize", "crop",
                                         "channels", "layout", "scale",  "mean",    "std"};
constexpr std::pair<std::string_view, DataFormat> k_formats[] = {{"idx", DataFormat::idx},
                                                                 {"cifar10", DataFormat::cifar10},
                                                                 {"cifar100", DataFormat::cifar100},
                                                                 {"folder", DataFormat::folder},
                                                                 {"npy", DataFormat::npy}};

/// Reads keys one after the other and keeps the first complaint.
class CardReader {
public:
    CardReader(const json& object, const std::filesystem::path& path) : m_object(object), m_path(path) {}

    void complain(std::string message, std::string remedy = {}) {
        if (!m_error)
            m_error = Error{ErrorCode::invalid_input, std::move(message), m_path.string(), std::move(remedy)};
    }
    [[nodiscard]] std::optional<Error> error() const { return m_error; }

    [[nodiscard]] const json* find(const char* key) const {
        const auto it = m_object.find(key);
        return it == m_object.end() || it->is_null() ? nullptr : &*it;
    }
    template <typename T, size_t N>
    std::optional<T> choice(const char* key, const std::pair<std::string_view, T> (&choices)[N]) {
        const json* value = find(key);
        if (value == nullptr) return std::nullopt;
        std::vector<std::string> names;
        for (const auto& [name, meaning] : choices) {
            if (value->is_string() && value->get_ref<const std::string&>() == name) return meaning;
            names.emplace_back(name);
        }
        complain(quoted(key) + " is " + shown(*value), "use one of " + join(names, ", "));
        return std::nullopt;
    }
    std::optional<std::filesystem::path> path(const char* key, const json& value) {
        if (!value.is_string() || value.get_ref<const std::string&>().empty() ||
            value.get_ref<const std::string&>().find('\0') != std::string::npos) {
            complain(quoted(key) + " is " + shown(value), "give a path relative to the card");
            return std::nullopt;
        }
        return m_path.parent_path() / value.get<std::string>();
    }
    int64_t side(const char* key) {
        const json* value = find(key);
        if (value == nullptr) return 0;
        if (value->is_number_integer()) {
            const auto number = value->get<double>();
            if (number >= 1 && number <= k_max_side) return value->get<int64_t>();
        }
        complain(quoted(key) + " is " + shown(*value),
                 "give whole pixels from 1 to " + std::to_string(k_max_side));
        return 0;
    }
    std::optional<double> number(const char* key, const json& value, bool positive) {
        const double v = value.is_number() ? value.get<double>() : std::nan("");
        if (std::isfinite(v) && (!positive || v > 0)) return v;
        complain(quoted(key) + " is " + shown(value), positive ? "give a number above 0" : "give a number");
        return std::nullopt;
    }
    /// One number or a list of them.
    std::vector<double> numbers(const char* key, double fallback, bool positive) {
        const json* value = find(key);
        if (value == nullptr) return {fallback};
        std::vector<double> result;
        if (value->is_array())
            for (const json& element : *value)
                result.push_back(number(key, element, positive).value_or(fallback));
        else
            result.push_back(number(key, *value, positive).value_or(fallback));
        if (result.empty()) complain(quoted(key) + " is empty", "give one number, or one for each channel");
        return result;
    }
    static std::string quoted(const char* key) { return '"' + std::string(key) + '"'; }

private:
    static std::string shown(const json& value) {
        std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
        if (text.size() > 60) text = text.substr(0, 57) + "...";
        return text;
    }
    const json& m_object;
    const std::filesystem::path& m_path;
    std::optional<Error> m_error;
};

Result<json> parse_object(const std::string& text, const std::filesystem::path& path) {
    try {
        json value = json::parse(text);
        if (!value.is_object())
            return fail(ErrorCode::invalid_input, "not a dataset card (not a JSON object)", path.string());
        return value;
    } catch (const json::exception& e) {
        std::string reason =
            e.what(); // "[json.exception.parse_error.101] parse error at line 1, column 3: ..."
        if (const size_t bracket = reason.find("] "); bracket != std::string::npos)
            reason = reason.substr(bracket + 2);
        return fail(ErrorCode::invalid_input, "not a dataset card (JSON " + reason.substr(0, 200) + ")",
                    path.string());
    }
}

Result<std::string> read_text(const std::filesystem::path& path) {
    Result<std::vector<uint8_t>> bytes = read_whole_file(path, k_max_card_bytes);
    if (!bytes) return forward_error(bytes);
    return std::string(bytes->begin(), bytes->end());
}

void read_files(CardReader& reader, DatasetCard& card) {
    const bool cifar = card.format == DataFormat::cifar10 || card.format == DataFormat::cifar100;
    const json* images = reader.find("images");
    if (images != nullptr && images->is_array() && cifar) {
        for (const json& element : *images)
            if (auto path = reader.path("images", element)) card.images.push_back(std::move(*path));
    } else if (images != nullptr) {
        if (auto path = reader.path("images", *images)) card.images.push_back(std::move(*path));
    } else if (card.format == DataFormat::folder) {
        if (auto path = reader.path("images", json("."))) card.images.push_back(std::move(*path));
    }
    if (card.images.empty()) reader.complain("\"images\" is missing", "name the file with the images");
    const json* labels = reader.find("labels");
    if (labels != nullptr && cifar)
        reader.complain("\"labels\" does not belong to this format",
                        "CIFAR files carry their labels: leave it out");
    else if (labels != nullptr)
        card.labels = reader.path("labels", *labels);
}

} // namespace

std::string_view to_string(DataFormat format) {
    for (const auto& [name, value] : k_formats)
        if (value == format) return name;
    return "";
}

Result<DatasetCard> read_card(const std::filesystem::path& path) {
    Result<std::string> text = read_text(path);
    if (!text) return forward_error(text);
    Result<json> object = parse_object(*text, path);
    if (!object) return forward_error(object);

    CardReader reader(*object, path);
    for (const auto& [key, value] : object->items())
        if (std::ranges::find(k_keys, key) == k_keys.end()) {
            const std::vector<std::string> near = nearest_names(key, k_keys);
            reader.complain("unknown key \"" + key + "\"", near.empty()
                                                               ? "the keys are " + join(k_keys, ", ")
                                                               : "did you mean \"" + near[0] + "\"?");
        }
    DatasetCard card;
    card.text = std::move(*text);
    const std::optional<DataFormat> format = reader.choice("format", k_formats);
    if (!format) reader.complain("\"format\" is missing", "use one of idx, cifar10, cifar100, folder, npy");
    card.format = format.value_or(DataFormat::folder);
    read_files(reader, card);
    if (const json* classes = reader.find("classes")) {
        if (!classes->is_array()) reader.complain("\"classes\" is no list", "give a list of names");
        for (const json& name : *classes) {
            if (name.is_string())
                card.classes.push_back(name.get<std::string>());
            else
                reader.complain("\"classes\" holds something else than names", "give a list of strings");
        }
    }
    Preprocessing& p = card.preprocessing;
    p.resize = reader.side("resize");
    p.crop = reader.side("crop");
    if (p.resize > 0 && p.crop > p.resize)
        reader.complain("\"crop\" is larger than \"resize\"", "the crop is cut out of the resized image");
    static constexpr std::pair<std::string_view, ChannelOrder> orders[] = {
        {"rgb", ChannelOrder::rgb}, {"bgr", ChannelOrder::bgr}, {"gray", ChannelOrder::gray}};
    p.channels =
        reader.choice("channels", orders)
            .value_or(card.format == DataFormat::folder ? ChannelOrder::rgb : ChannelOrder::as_stored);
    static constexpr std::pair<std::string_view, bool> layouts[] = {{"nchw", false}, {"nhwc", true}};
    card.network_is_nhwc = reader.choice("layout", layouts).value_or(false);
    if (const json* scale = reader.find("scale")) p.scale = reader.number("scale", *scale, true);
    p.mean = reader.numbers("mean", 0, false);
    p.std = reader.numbers("std", 1, true);
    if (std::optional<Error> error = reader.error()) return tl::unexpected<Error>(std::move(*error));
    return card;
}

std::vector<std::filesystem::path> find_cards(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> cards;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
        if (entry.path().extension() != ".json") continue;
        const Result<std::string> text = read_text(entry.path());
        if (!text) continue;
        const Result<json> object = parse_object(*text, entry.path());
        if (object && object->contains("format")) cards.push_back(entry.path());
    }
    std::sort(cards.begin(), cards.end());
    return cards;
}

} // namespace widthwise
