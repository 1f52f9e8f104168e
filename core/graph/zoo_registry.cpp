#include "core/graph/zoo_registry.h"

namespace widthwise::zoo {
namespace {

constexpr std::string_view k_imagenet = "ImageNet";
constexpr std::string_view k_torchvision = "torchvision IMAGENET1K_V1";

std::vector<Architecture> listed() {
    return {
        {{.name = "demo",
          .description = "the embedded demo's architecture: plain, residual and depthwise-separable",
          .source = "this program",
          .size = 32,
          .classes = 12},
         demo},
        {{.name = "alexnet",
          .description = "the original: grouped, with local response normalization",
          .source = "Krizhevsky et al. 2012",
          .size = 227,
          .smallest_size = 67,
          .published = {0.593, 0.818, k_imagenet, "the paper, table 2 (1 CNN)"}},
         alexnet},
        {{.name = "alexnet-torchvision",
          .description = "without groups and normalization, fewer channels",
          .source = "Krizhevsky 2014, as in torchvision",
          .smallest_size = 63,
          .published = {0.56522, 0.79066, k_imagenet, k_torchvision}},
         alexnet_torchvision},
        {{.name = "vgg11",
          .description = "configuration A, without BatchNormalization",
          .source = "Simonyan and Zisserman 2014",
          .smallest_size = 32,
          .published = {0.6902, 0.88628, k_imagenet, k_torchvision}},
         vgg11},
        {{.name = "vgg16",
          .description = "configuration D, without BatchNormalization",
          .source = "Simonyan and Zisserman 2014",
          .smallest_size = 32,
          .published = {0.71592, 0.90382, k_imagenet, k_torchvision}},
         vgg16},
        {{.name = "resnet18",
          .description = "projection shortcuts",
          .source = "He et al. 2015",
          .published = {0.69758, 0.89078, k_imagenet, k_torchvision}},
         resnet18},
        {{.name = "resnet50-v1",
          .description = "stride in the 1x1 convolutions, as in the paper",
          .source = "He et al. 2015",
          .published = {0.753, 0.922, k_imagenet, "the authors' Caffe models, 1 crop"}},
         resnet50_v1},
        {{.name = "resnet50",
          .description = "v1.5: stride in the 3x3 convolutions",
          .source = "He et al. 2015, as in torchvision",
          .published = {0.7613, 0.92862, k_imagenet, k_torchvision}},
         resnet50},
        {{.name = "resnext50",
          .description = "32x4d: 32 groups, stride in the 3x3 convolutions",
          .source = "Xie et al. 2017, as in torchvision",
          .published = {0.77618, 0.93698, k_imagenet, k_torchvision}},
         resnext50},
        {{.name = "mobilenet-v1",
          .description = "depthwise separable convolutions, ReLU",
          .source = "Howard et al. 2017",
          .published = {0.706, {}, k_imagenet, "the paper, table 8"}},
         mobilenet_v1},
        {{.name = "mobilenet-v2",
          .description = "inverted residuals, ReLU6",
          .source = "Sandler et al. 2018",
          .published = {0.71878, 0.90286, k_imagenet, k_torchvision}},
         mobilenet_v2},
        {{.name = "cnv",
          .description = "FINN's network of unpadded convolutions, as float with hard tanh",
          .source = "Umuroglu et al. 2017",
          .size = 32,
          .smallest_size = 30,
          .classes = 10,
          .published = {0.8903, {}, "CIFAR-10", "Brevitas bnn_pynq, CNV_2W2A"}},
         cnv},
    };
}

} // namespace

const std::vector<Architecture>& architectures() {
    static const std::vector<Architecture> all = listed();
    return all;
}

} // namespace widthwise::zoo
