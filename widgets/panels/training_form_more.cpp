// The options of training that most runs leave alone. Without mnemonics, which the rest of the window needs.
#include "widgets/panels/training_form.h"

#include "widgets/number_text.h"
#include "widgets/precision/choice_box.h"

#include <QFormLayout>
#include <QPushButton>

namespace widthwise::gui {

template <typename Enum>
void TrainingForm::addChoice(const QString& text, const QString& tip, const QString& name,
                             std::vector<std::pair<Enum, QString>> choices, Enum& value, QFormLayout& form) {
    auto* box = new ChoiceBox(this);
    box->setObjectName(name);
    connect(box, &ChoiceBox::chosen, this, [&value](int chosen) { value = static_cast<Enum>(chosen); });
    m_shows.emplace_back([box, tip, choices = std::move(choices), &value] {
        std::vector<ChoiceBox::Choice> list;
        for (const auto& [choice, label] : choices)
            list.push_back({label, static_cast<int>(choice), {}, tip});
        box->show(list, static_cast<int>(value), {});
    });
    form.addRow(text, box);
}

void TrainingForm::buildMore() {
    using namespace train;
    train::Options& o = m_setup.options;
    QFormLayout& form = *m_rest;
    const auto name = [](const char* text) { return QStringLiteral("training") + QLatin1String(text); };
    /// A whole number that the setup keeps as another type.
    const auto number = [&](const QString& text, const QString& tip, const char* object, int smallest,
                            int largest, auto& value) {
        NumberBox* box = addNumber(text, tip, name(object), smallest, largest, form);
        connect(box, &NumberBox::edited, this,
                [&value](int edited) { value = static_cast<std::decay_t<decltype(value)>>(edited); });
        m_shows.emplace_back([box, &value] { box->show(static_cast<int>(value), {}); });
        return box;
    };
    addChoice<Schedule>(tr("Schedule"), tr("The learning rate over the run"), name("Schedule"),
                        {{Schedule::one_cycle, tr("one cycle: warm-up, then cosine")},
                         {Schedule::cosine, tr("cosine to zero")},
                         {Schedule::constant, tr("constant")}},
                        m_setup.options.schedule, form);
    addChoice<OptimizerType>(
        tr("Optimizer"), tr("SGD with momentum, or Adam with decoupled weight decay"), name("Optimizer"),
        {{OptimizerType::sgd, tr("SGD")}, {OptimizerType::adam, tr("Adam")}}, o.optimizer, form);
    addReal(tr("Momentum"), tr("0 to below 1; Adam's beta 1"), name("Momentum"), 0, 0.999, 3, 0.05,
            o.momentum, form);
    addCheck(tr("Nesterov"), tr("Nesterov's momentum (SGD)"), name("Nesterov"), o.nesterov, form);
    addReal(tr("Weight decay"), tr("Not on biases, normalization and scales"), name("Decay"), 0, 1, 6, 1e-4,
            o.weight_decay, form);
    number(tr("Batch (images)"), tr("Images a step; rounded up to whole shards"), "Batch", 1, 65536,
           o.batch_size);
    addReal(tr("Label smoothing"), tr("0 to below 1: the share of the target spread over all classes"),
            name("Smoothing"), 0, 0.999, 3, 0.05, o.label_smoothing, form);
    addReal(tr("Distillation"), tr("0 to 1: the share of the loss taken from the float network's answers"),
            name("Distillation"), 0, 1, 2, 0.1, o.distillation, form);
    addReal(tr("Weight average"),
            tr("0 to below 1: decay of a moving average of the weights, which is what comes out; 0: none"),
            name("Average"), 0, 0.9999, 4, 0.001, o.weight_average, form);
    addCheck(tr("Flip images"), tr("Mirrors left and right in half of the cases"), name("Flip"),
             o.augmentation.flip, form);
    addCheck(tr("Shift images"), tr("By up to 4 pixels; zeros move in"), name("Crop"), o.augmentation.crop,
             form);
    number(tr("Cutout (pixels)"), tr("Side of a square that is blanked; 0: none"), "Cutout", 0, 4096,
           o.augmentation.cutout);
    addChoice<BatchNormMode>(tr("Batch norm"), tr("BatchNormalization in QAT"), name("BatchNorm"),
                             {{BatchNormMode::keep, tr("keep, merge when it runs")},
                              {BatchNormMode::fold, tr("fold into the weights first")}},
                             m_setup.batch_norm, form);
    addChoice<ScaleLearning>(
        tr("Weight scales"), tr("Of QAT"), name("WeightScales"),
        {{ScaleLearning::lsq, tr("learned (LSQ)")}, {ScaleLearning::fixed, tr("as calibrated")}},
        m_setup.weight_scales, form);
    addChoice<ScaleLearning>(tr("Activation scales"), tr("Of QAT"), name("ActivationScales"),
                             {{ScaleLearning::lsq, tr("learned (LSQ)")},
                              {ScaleLearning::pact, tr("learned clip (PACT)")},
                              {ScaleLearning::fixed, tr("as calibrated")}},
                             m_setup.activation_scales, form);
    number(tr("Re-estimate (images)"),
           tr("Images with which running statistics are measured again at the end; 0: none"), "Reestimate", 0,
           1000000, o.reestimate_images);
    addChoice<ComputeType>(tr("Arithmetic"), tr("bf16 needs AVX-512; not with QAT"), name("Compute"),
                           {{ComputeType::f32, tr("f32")}, {ComputeType::bf16, tr("bf16, f32 weights")}},
                           o.compute, form);
    addCheck(tr("Zeros stay zero"), tr("Weights that pruning removed stay removed"), name("PreserveZeros"),
             o.preserve.zeros, form);
    addCheck(tr("Shared weights stay shared"), tr("Equal weights of a layer move together"),
             name("PreserveSharing"), o.preserve.sharing, form);
    number(tr("Patience (epochs)"),
           tr("Epochs without a better validation accuracy before it stops; 0: never"), "Patience", 0, 100000,
           o.patience);
    number(tr("Seed"), tr("Of order and augmentation: the same seed gives the same weights"), "Seed", 0,
           2147483647, o.seed);
    number(tr("Steps a task"), tr("Of meta-training: steps on each drawn design"), "InnerSteps", 1, 1000,
           m_setup.inner_steps);
    auto* reset = new QPushButton(tr("Re&commended options"), this);
    reset->setObjectName(name("Reset"));
    reset->setToolTip(tr("All options of this mode as they come"));
    connect(reset, &QPushButton::clicked, this, [this] {
        m_setup = recommended_setup(m_setup.mode, m_document.model());
        if (m_document.hasNetwork()) m_setup.options.preserve = m_document.version().preserve;
        refresh();
    });
    form.addRow(reset);
}

} // namespace widthwise::gui
