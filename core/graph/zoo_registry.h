#pragma once
// The list behind zoo::entries(): each architecture's facts and its recipe.

#include "core/graph/zoo.h"
#include "core/graph/zoo_recipes.h"

namespace widthwise::zoo {

struct Architecture {
    Entry entry;
    Recipe recipe;
};

[[nodiscard]] const std::vector<Architecture>& architectures();

} // namespace widthwise::zoo
