#include "core/data/cifar.h"

#include "core/data/byte_source.h"

#include <cstring>

namespace widthwise {

Result<ArraySet> read_cifar(std::span<const std::filesystem::path> paths, CifarKind kind) {
    constexpr size_t pixels = 3 * 32 * 32;
    const size_t head = kind == CifarKind::cifar10 ? 1 : 2;
    const uint8_t classes = kind == CifarKind::cifar10 ? 10 : 100;
    ArraySet set;
    std::vector<uint8_t> all;
    for (const std::filesystem::path& path : paths) {
        Result<ByteSource> source = ByteSource::open(path);
        if (!source) return forward_error(source);
        Result<std::vector<uint8_t>> content = source->read_rest();
        if (!content) return forward_error(content);
        const size_t record = head + pixels;
        if (content->empty() || content->size() % record != 0)
            return fail(ErrorCode::invalid_input,
                        std::to_string(content->size()) + " bytes are not whole CIFAR records of " +
                            std::to_string(record) + " bytes",
                        path.string(), "truncated, or not the binary version of the set");
        const size_t count = content->size() / record;
        const size_t before = set.labels.size();
        // In place: records lose their label bytes, so that pixels are never held twice (first file).
        for (size_t i = 0; i < count; ++i) {
            const uint8_t label = (*content)[i * record + head - 1];
            if (label >= classes)
                return fail(ErrorCode::invalid_input,
                            "record " + std::to_string(i) + " has the label " + std::to_string(label) +
                                " of a set with " + std::to_string(classes) + " classes",
                            path.string(), "is it the binary version of this set?");
            set.labels.push_back(label);
            std::memmove(content->data() + i * pixels, content->data() + i * record + head, pixels);
        }
        content->resize(count * pixels);
        if (before == 0)
            all = std::move(*content);
        else
            all.insert(all.end(), content->begin(), content->end());
    }
    set.images = ArrayImages{static_cast<int64_t>(set.labels.size()), 3, 32, 32, std::move(all)};
    return set;
}

} // namespace widthwise
