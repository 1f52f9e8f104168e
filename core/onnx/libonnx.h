#pragma once
// The protobuf classes of ONNX as Debian builds them. For the few .cpp files of this room that touch the file
// format; no header that others include may include this one.

#ifndef ONNX_ML
#define ONNX_ML 1
#endif
#ifndef ONNX_NAMESPACE
#define ONNX_NAMESPACE onnx
#endif
#include <onnx/onnx_pb.h>
