#include "core/data/byte_source.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

namespace widthwise {
namespace {

// Deflate cannot do better than 258 bytes out of 2 bits.
constexpr uint64_t k_deflate_ratio = 1032;
constexpr uint64_t k_smallest_step = uint64_t{64} << 10;
constexpr uint64_t k_largest_step = uint64_t{64} << 20;

gzFile as_gz(void* file) {
    return static_cast<gzFile>(file);
}

std::string system_message(int number) {
    return std::string("cannot be read: ") + std::strerror(number);
}

/// Open for reading, only where it is a regular file (a fifo would block, a directory would puzzle).
Result<int> open_regular(const std::filesystem::path& path, uint64_t& size) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return fail(ErrorCode::invalid_input, errno == ENOENT ? "file not found" : system_message(errno),
                    path.string(),
                    errno == ENOENT ? "check the path (a card's paths are relative to the card)" : "");
    struct stat info = {};
    if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        const bool directory = S_ISDIR(info.st_mode);
        ::close(fd);
        return fail(ErrorCode::invalid_input,
                    directory ? "is a directory, not a file" : "is not a regular file", path.string());
    }
    size = static_cast<uint64_t>(info.st_size);
    return fd;
}

} // namespace

uint64_t max_dataset_bytes() {
    const long pages = ::sysconf(_SC_PHYS_PAGES);
    const long page = ::sysconf(_SC_PAGE_SIZE);
    if (pages <= 0 || page <= 0) return uint64_t{4} << 30;
    return static_cast<uint64_t>(pages) * static_cast<uint64_t>(page) / 2;
}

Result<void> check_regular_file(const std::filesystem::path& path) {
    uint64_t size = 0;
    Result<int> fd = open_regular(path, size);
    if (!fd) return forward_error(fd);
    ::close(*fd);
    return {};
}

Result<std::vector<uint8_t>> read_whole_file(const std::filesystem::path& path, uint64_t limit) {
    uint64_t size = 0;
    Result<int> fd = open_regular(path, size);
    if (!fd) return forward_error(fd);
    if (size > limit) {
        ::close(*fd);
        return fail(ErrorCode::invalid_input,
                    "file of " + std::to_string(size) + " bytes is too large for its kind", path.string());
    }
    std::vector<uint8_t> bytes(size);
    size_t done = 0;
    int problem = 0;
    while (done < bytes.size() && problem == 0) {
        const ssize_t got = ::read(*fd, bytes.data() + done, bytes.size() - done);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) problem = errno;
        if (got == 0) break; // somebody truncated it meanwhile
        if (got > 0) done += static_cast<size_t>(got);
    }
    ::close(*fd);
    if (problem != 0) return fail(ErrorCode::invalid_input, system_message(problem), path.string());
    bytes.resize(done);
    return bytes;
}

void ByteSource::Close::operator()(void* file) const {
    gzclose_r(as_gz(file));
}

Result<ByteSource> ByteSource::open(const std::filesystem::path& path) {
    ByteSource source;
    source.m_where = path.string();
    Result<int> fd = open_regular(path, source.m_stored_bytes);
    if (!fd) return forward_error(fd);
    const gzFile file = gzdopen(*fd, "rb");
    if (file == nullptr) {
        ::close(*fd);
        return fail(ErrorCode::out_of_memory, "out of memory", source.m_where);
    }
    source.m_file.reset(file);
    gzbuffer(file, 1U << 18);
    source.m_plain = gzdirect(file) != 0;
    return source;
}

Result<size_t> ByteSource::read_some(std::span<uint8_t> out) {
    size_t done = 0;
    while (done < out.size()) {
        const size_t ask = std::min<size_t>(out.size() - done, size_t{1} << 30);
        const int got = gzread(as_gz(m_file.get()), out.data() + done, static_cast<unsigned>(ask));
        int code = Z_OK;
        const char* message = gzerror(as_gz(m_file.get()), &code);
        if (got < 0 || (code != Z_OK && code != Z_STREAM_END)) {
            if (code == Z_ERRNO) return fail(ErrorCode::invalid_input, system_message(errno), m_where);
            if (code == Z_MEM_ERROR) return fail(ErrorCode::out_of_memory, "out of memory", m_where);
            if (code == Z_BUF_ERROR)
                return fail(ErrorCode::invalid_input, "gzip data ends early", m_where,
                            "download or copy the file again");
            return fail(ErrorCode::invalid_input, std::string("gzip data is damaged (") + message + ")",
                        m_where, "download or copy the file again");
        }
        if (got == 0) break;
        done += static_cast<size_t>(got);
    }
    m_position += done;
    return done;
}

Result<void> ByteSource::read_exact(std::span<uint8_t> out) {
    Result<size_t> got = read_some(out);
    if (!got) return forward_error(got);
    if (*got < out.size())
        return fail(ErrorCode::invalid_input,
                    "file ends early, after " + std::to_string(m_position) + " bytes", m_where,
                    "download or copy the file again");
    return {};
}

Result<void> ByteSource::append(std::vector<uint8_t>& to, uint64_t target) {
    while (to.size() < target) {
        const size_t before = to.size();
        const uint64_t step =
            std::max<uint64_t>(std::clamp(4 * m_stored_bytes, k_smallest_step, k_largest_step), before);
        to.resize(static_cast<size_t>(std::min(target, before + step)));
        Result<size_t> got = read_some(std::span(to).subspan(before));
        if (!got) return forward_error(got);
        const bool short_read = before + *got < to.size();
        to.resize(before + *got);
        if (short_read) break;
    }
    return {};
}

Result<std::vector<uint8_t>> ByteSource::read_block(uint64_t bytes) {
    const uint64_t possible = m_plain ? m_stored_bytes - std::min(m_stored_bytes, m_position)
                                      : (m_stored_bytes + 1) * k_deflate_ratio;
    std::vector<uint8_t> block;
    if (bytes > possible)
        return fail(ErrorCode::invalid_input,
                    "file is too short: its header promises " + std::to_string(bytes) + " more bytes",
                    m_where, "download or copy the file again");
    if (bytes > max_dataset_bytes())
        return fail(ErrorCode::out_of_memory,
                    "data of " + std::to_string(bytes) + " bytes would fill this machine's memory", m_where,
                    "split the set");
    if (m_plain) block.reserve(static_cast<size_t>(bytes));
    if (Result<void> done = append(block, bytes); !done) return forward_error(done);
    if (block.size() < bytes)
        return fail(ErrorCode::invalid_input,
                    "file ends early: " + std::to_string(block.size()) + " of " + std::to_string(bytes) +
                        " bytes that its header promises",
                    m_where, "download or copy the file again");
    return block;
}

Result<std::vector<uint8_t>> ByteSource::read_rest() {
    std::vector<uint8_t> block;
    const uint64_t limit = max_dataset_bytes();
    if (m_plain && m_stored_bytes <= limit) block.reserve(static_cast<size_t>(m_stored_bytes));
    if (Result<void> done = append(block, m_plain ? std::min(limit, m_stored_bytes) : limit); !done)
        return forward_error(done);
    if (block.size() >= limit)
        return fail(ErrorCode::out_of_memory, "data would fill this machine's memory", m_where,
                    "split the set");
    block.shrink_to_fit();
    return block;
}

Result<void> ByteSource::expect_end() {
    uint8_t extra = 0;
    Result<size_t> got = read_some(std::span(&extra, 1));
    if (!got) return forward_error(got);
    if (*got != 0) return fail(ErrorCode::invalid_input, "file is longer than its header says", m_where);
    return {};
}

} // namespace widthwise
