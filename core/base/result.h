#pragma once
// Result<T>: a value or an Error; [[nodiscard]] through tl::expected.

#include "core/base/error.h"

#include <tl/expected.hpp>

#include <utility>

namespace widthwise {

template <typename T> using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(ErrorCode code, std::string message, std::string where = {},
                                  std::string remedy = {}) {
    return tl::unexpected<Error>(Error{code, std::move(message), std::move(where), std::move(remedy)});
}

/// Hands an Error on from a Result of another type.
template <typename T> tl::unexpected<Error> forward_error(Result<T>& result) {
    return tl::unexpected<Error>(std::move(result.error()));
}

} // namespace widthwise
