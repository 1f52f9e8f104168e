#pragma once
// CIFAR binary files (Krizhevsky 2009): records of one label byte (CIFAR-100: coarse, fine) and 3 x 32 x 32
// pixels.

#include "core/base/result.h"
#include "core/data/array_set.h"

#include <filesystem>
#include <span>

namespace widthwise {

enum class CifarKind { cifar10, cifar100 };

/// The files' records one after the other; CIFAR-100's label is the fine one. Errors: invalid_input for a
/// part of a record, a label outside the set, no record at all.
[[nodiscard]] Result<ArraySet> read_cifar(std::span<const std::filesystem::path> paths, CifarKind kind);

} // namespace widthwise
