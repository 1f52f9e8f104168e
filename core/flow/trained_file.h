#pragma once
// What a trained network's file says beside its nodes; writing it is write_trained of training.h.

#include "core/flow/session.h"

#include <map>
#include <string>

namespace widthwise::flow {

/// The scales of a meta-initialization into `model`, where the file's metadata hold some; a warning where
/// they cannot be read.
void read_scales(const std::map<std::string, std::string>& metadata, Model& model);

} // namespace widthwise::flow
