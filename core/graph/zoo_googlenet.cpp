#include "core/graph/zoo_recipes.h"

#include <array>

namespace widthwise::zoo {
namespace {

/// Channels of the four branches: 1x1; 1x1 then 3x3; 1x1 then 5x5; pool then 1x1.
struct Inception {
    const char* name;
    int64_t one, reduce3, three, reduce5, five, pooled;
    bool pool_before = false;
};

/// Szegedy et al. 2015, table 1.
constexpr std::array<Inception, 9> k_modules{{{"3a", 64, 96, 128, 16, 32, 32},
                                              {"3b", 128, 128, 192, 32, 96, 64},
                                              {"4a", 192, 96, 208, 16, 48, 64, true},
                                              {"4b", 160, 112, 224, 24, 64, 64},
                                              {"4c", 128, 128, 256, 24, 64, 64},
                                              {"4d", 112, 144, 288, 32, 64, 64},
                                              {"4e", 256, 160, 320, 32, 128, 128},
                                              {"5a", 256, 160, 320, 32, 128, 128, true},
                                              {"5b", 384, 192, 384, 48, 128, 128}}};

/// What the paper and torchvision do differently.
struct Form {
    bool batch_norm;      ///< instead of biases and local response normalization
    int64_t five;         ///< kernel of the "5x5" branch
    int64_t pool4_kernel; ///< of the pool before 5a
};

/// The auxiliary classifiers, of use in training only, are left out.
class Inceptions {
public:
    Inceptions(const Request& request, const Form& form)
        : m_request(request), m_form(form), m_net(request.image()) {}

    [[nodiscard]] Result<GraphPtr> build() {
        constexpr LayerStack::Pool overlapping{3, 2, 0, true};
        ValueId x = conv("conv1", m_net.input(), 64, 7, 2);
        x = normalize("norm1", m_net.max_pool("pool1", x, overlapping));
        x = conv("conv3", conv("conv2", x, 64, 1), 192, 3);
        x = m_net.max_pool("pool2", normalize("norm2", x), overlapping);
        int pools = 2;
        for (const Inception& module : k_modules) {
            if (module.pool_before) {
                const int64_t kernel = ++pools == 4 ? m_form.pool4_kernel : 3;
                x = m_net.max_pool("pool" + std::to_string(pools), x, {kernel, 2, 0, true});
            }
            x = inception(module, x);
        }
        return m_net.finish(m_net.classifier(x, m_request.classes));
    }

private:
    ValueId conv(const std::string& name, ValueId input, int64_t channels, int64_t kernel,
                 int64_t stride = 1) {
        const LayerStack::Conv shape{m_request.wide(channels), kernel, stride};
        return m_form.batch_norm ? m_net.conv_bn(name, input, shape) : m_net.conv(name, input, shape);
    }

    /// Caffe's constants; the paper names none.
    ValueId normalize(const std::string& name, ValueId input) {
        return m_form.batch_norm ? input : m_net.lrn(name, input, {5, 1e-4F, 0.75F, 1});
    }

    ValueId inception(const Inception& module, ValueId x) {
        const std::string name = std::string("inception_") + module.name;
        const ValueId three = conv(name + "/3x3_reduce", x, module.reduce3, 1);
        const ValueId five = conv(name + "/5x5_reduce", x, module.reduce5, 1);
        const ValueId pooled = m_net.max_pool(name + "/pool", x, {3, 1, 1, true});
        return m_net.concat(name + "/concat", {conv(name + "/1x1", x, module.one, 1),
                                               conv(name + "/3x3", three, module.three, 3),
                                               conv(name + "/5x5", five, module.five, m_form.five),
                                               conv(name + "/pool_proj", pooled, module.pooled, 1)});
    }

    const Request& m_request;
    Form m_form;
    LayerStack m_net;
};

} // namespace

Result<GraphPtr> googlenet(const Request& request) {
    return Inceptions(request, {false, 5, 3}).build();
}

/// BatchNormalization (Ioffe and Szegedy 2015), and 3x3 kernels where the paper has 5x5.
Result<GraphPtr> googlenet_torchvision(const Request& request) {
    return Inceptions(request, {true, 3, 2}).build();
}

} // namespace widthwise::zoo
