#include "tests/fuzz/fuzz_cases.h"

#include "core/data/array_set.h"
#include "core/data/cifar.h"
#include "core/data/dataset.h"
#include "core/data/dataset_card.h"
#include "core/data/idx.h"
#include "core/data/image_decode.h"
#include "core/data/labels_csv.h"
#include "core/data/npy.h"

#include <array>
#include <cstdlib>
#include <fstream>
#include <sys/mman.h>
#include <unistd.h>

namespace widthwise::fuzz {

namespace {

void expect(bool condition) {
    if (!condition) std::abort();
}

/// A file without a disk: the readers take paths.
class MemoryFile {
public:
    explicit MemoryFile(std::span<const uint8_t> bytes) : m_descriptor(::memfd_create("fuzz", MFD_CLOEXEC)) {
        expect(m_descriptor >= 0);
        for (size_t done = 0; done < bytes.size();) {
            const ssize_t written = ::write(m_descriptor, bytes.data() + done, bytes.size() - done);
            expect(written > 0);
            done += static_cast<size_t>(written);
        }
    }
    ~MemoryFile() { ::close(m_descriptor); }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    [[nodiscard]] std::filesystem::path path() const {
        return "/proc/self/fd/" + std::to_string(m_descriptor);
    }

private:
    int m_descriptor;
};

template <typename T> void expect_error_or_success(const Result<T>& result) {
    if (!result) expect(!result.error().message.empty());
}

/// One class with one image, read as the window would.
void read_folder(std::span<const uint8_t> image) {
    static const auto folder = [] {
        const auto path =
            std::filesystem::temp_directory_path() / ("widthwise-fuzz-" + std::to_string(::getpid()));
        std::filesystem::create_directories(path / "class");
        return path;
    }();
    const auto file = folder / "class" / "image.png";
    std::ofstream(file, std::ios::binary)
        .write(static_cast<const char*>(static_cast<const void*>(image.data())),
               static_cast<std::streamsize>(image.size()));
    const auto data = open_dataset(folder.string());
    expect_error_or_success(data);
    if (!data) return;
    expect((*data)->size() == 1);
    const auto shape = (*data)->image_shape();
    std::vector<float> pixels(static_cast<size_t>(shape[0] * shape[1] * shape[2]));
    const auto read = (*data)->read(0, pixels);
    if (!read) expect(!read.error().message.empty());
}

} // namespace

void run_data(std::span<const uint8_t> bytes) {
    if (bytes.empty()) return;
    const auto reader = static_cast<Reader>(bytes.front() % static_cast<uint8_t>(Reader::count));
    const auto content = bytes.subspan(1);
    if (reader == Reader::image) return expect_error_or_success(decode_image(content));
    if (reader == Reader::folder) return read_folder(content);
    const MemoryFile file(content);
    const std::array paths{file.path()};
    switch (reader) {
    case Reader::card:
        return expect_error_or_success(read_card(file.path()));
    case Reader::idx_images:
        return expect_error_or_success(read_idx_images(file.path()));
    case Reader::idx_labels:
        return expect_error_or_success(read_idx_labels(file.path()));
    case Reader::cifar10:
        return expect_error_or_success(read_cifar(paths, CifarKind::cifar10));
    case Reader::cifar100:
        return expect_error_or_success(read_cifar(paths, CifarKind::cifar100));
    case Reader::npy_images:
        return expect_error_or_success(read_npy_images(file.path()));
    case Reader::npy_labels:
        return expect_error_or_success(read_npy_labels(file.path()));
    default:
        return expect_error_or_success(read_labels_csv(file.path()));
    }
}

} // namespace widthwise::fuzz
