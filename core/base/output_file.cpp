#include "core/base/output_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace widthwise {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> cannot_write(const fs::path& path, int number) {
    const char* remedy = number == ENOSPC || number == EDQUOT ? "free some space and try again"
                         : number == ENOENT                   ? "create its folder first"
                                                              : "choose a folder that can be written to";
    return fail(ErrorCode::io, std::string("cannot write: ") + std::strerror(number), path.string(), remedy);
}

/// 0 or an errno.
int write_all(int file, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(file, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return errno;
        bytes.remove_prefix(static_cast<size_t>(written));
    }
    return 0;
}

fs::path folder_of(const fs::path& path) {
    return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

/// Writes through a link to the file that it names, as the user would expect.
fs::path final_target(const fs::path& path) {
    std::error_code error;
    const fs::path resolved = fs::canonical(path, error);
    return error ? path : resolved;
}

bool exists_but_not_regular(const fs::path& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
}

} // namespace

Result<void> write_output(const fs::path& requested, std::string_view bytes) {
    if (exists_but_not_regular(requested)) {
        const int file = ::open(requested.c_str(), O_WRONLY | O_CLOEXEC);
        if (file < 0) return cannot_write(requested, errno);
        int problem = write_all(file, bytes);
        if (::close(file) != 0 && problem == 0) problem = errno;
        if (problem != 0) return cannot_write(requested, problem);
        return {};
    }
    const fs::path path = final_target(requested);
    std::string temporary = (folder_of(path) / ("." + path.filename().string() + ".XXXXXX")).string();
    const int file = ::mkostemp(temporary.data(), O_CLOEXEC);
    if (file < 0) return cannot_write(requested, errno);
    // mkostemp makes private files; an output gets what the user's umask says, a replaced file keeps its
    // mode.
    struct stat old {};
    const mode_t mask = ::umask(0);
    ::umask(mask);
    const mode_t mode = ::stat(path.c_str(), &old) == 0 ? old.st_mode & 07777U : 0666U & ~mask;
    int problem = write_all(file, bytes);
    if (problem == 0 && ::fchmod(file, mode) != 0) problem = errno;
    if (problem == 0 && ::fsync(file) != 0) problem = errno;
    if (::close(file) != 0 && problem == 0) problem = errno;
    if (problem == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) problem = errno;
    if (problem == 0) return {};
    ::unlink(temporary.c_str());
    return cannot_write(requested, problem);
}

Result<void> check_writable(const fs::path& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0) {
        if (S_ISDIR(status.st_mode)) return cannot_write(path, EISDIR);
        if (::access(path.c_str(), W_OK) != 0) return cannot_write(path, errno);
        if (!S_ISREG(status.st_mode)) return {};
    }
    if (::access(folder_of(path).c_str(), W_OK | X_OK) != 0) return cannot_write(path, errno);
    return {};
}

} // namespace widthwise
