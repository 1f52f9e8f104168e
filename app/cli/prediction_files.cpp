#include "app/cli/prediction_files.h"

#include <bit>
#include <span>

namespace widthwise::cli {

std::string predictions_csv(const Dataset& data, const engine::Predictions& predictions) {
    std::string text = "index,label,prediction\n";
    for (size_t i = 0; i < predictions.top1.size(); ++i) {
        if (predictions.top1[i] < 0) continue; // an early stop left it out
        text += std::to_string(i) + "," + std::to_string(data.label(static_cast<int64_t>(i))) + "," +
                std::to_string(predictions.top1[i]) + "\n";
    }
    return text;
}

std::string logits_npy(const engine::Predictions& predictions) {
    static_assert(std::endian::native == std::endian::little);
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" +
                         std::to_string(predictions.top1.size()) + ", " +
                         std::to_string(predictions.classes) + "), }";
    // The format wants magic, version, length and header together in whole multiples of 64 bytes.
    constexpr size_t k_preamble = 10;
    header.append(63 - (k_preamble + header.size()) % 64, ' ');
    header += '\n';
    std::string file("\x93NUMPY\x01\x00", 8);
    file += static_cast<char>(header.size() % 256);
    file += static_cast<char>(header.size() / 256);
    file += header;
    const auto bytes = std::as_bytes(std::span(predictions.logits));
    file.append(static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size());
    return file;
}

} // namespace widthwise::cli
