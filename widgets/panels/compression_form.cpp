#include "widgets/panels/compression_form.h"

#include "widgets/number_text.h"
#include "widgets/precision/choice_box.h"

#include <QCheckBox>
#include <QFormLayout>
#include <QLabel>
#include <QSettings>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace widthwise::gui {

CompressionForm::CompressionForm(QWidget* parent)
    : QWidget(parent), m_choice(new ChoiceBox(this)), m_pages(new QStackedWidget(this)) {
    setObjectName(QStringLiteral("compressionForm"));
    restore();
    m_choice->setObjectName(QStringLiteral("compressionMethod"));
    auto* form = new QFormLayout;
    form->setHorizontalSpacing(12);
    form->addRow(tr("&Method"), m_choice);
    buildPages();
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(8);
    column->addLayout(form);
    column->addWidget(m_pages);
    const auto choice = [](const QString& text, Index index) {
        return ChoiceBox::Choice{text, index, {}, {}};
    };
    m_choice->show({choice(tr("prune single weights"), Weights), choice(tr("prune N of M weights"), NofM),
                    choice(tr("remove channels"), Channels), choice(tr("low rank"), Rank),
                    choice(tr("share weights"), Share), choice(tr("quantize vectors"), Vectors)},
                   m_index, {});
    m_pages->setCurrentIndex(m_index);
    connect(m_choice, &ChoiceBox::chosen, this, &CompressionForm::choose);
}

void CompressionForm::buildPages() {
    QFormLayout* form = nullptr;
    const auto page = [&](const QString& explanation) {
        auto* widget = new QWidget(m_pages);
        form = new QFormLayout(widget);
        form->setContentsMargins(0, 0, 0, 0);
        form->setHorizontalSpacing(12);
        form->setVerticalSpacing(6);
        auto* label = new QLabel(explanation, widget);
        label->setWordWrap(true);
        label->setForegroundRole(QPalette::PlaceholderText);
        form->addRow(label);
        m_pages->addWidget(widget);
    };
    const auto percentage = [&](const QString& text, const QString& name, double& value) {
        auto* box = new RealBox(0.1, 99.9, 1, 5, m_pages);
        box->setObjectName(name);
        box->setSuffix(QStringLiteral(" %"));
        box->show(value * 100, {});
        connect(box, &RealBox::edited, this, [this, &value](double edited_value) {
            value = edited_value / 100;
            store();
        });
        form->addRow(text, box);
    };
    const auto number = [&](const QString& text, const QString& name, int lo, int hi, auto& value) {
        auto* box = new NumberBox(lo, hi, m_pages);
        box->setObjectName(name);
        box->show(static_cast<int>(value), {});
        connect(box, &NumberBox::edited, this, [this, &value](int edited_value) {
            value = edited_value;
            store();
        });
        form->addRow(text, box);
    };
    const auto check = [&](const QString& text, const QString& tip, const QString& name, bool& value) {
        auto* box = new QCheckBox(text, m_pages);
        box->setObjectName(name);
        box->setToolTip(tip);
        box->setChecked(value);
        connect(box, &QCheckBox::clicked, this, [this, &value](bool on) {
            value = on;
            store();
        });
        form->addRow(QString(), box);
    };
    page(tr("The weights of least magnitude become zero (Han et al. 2015). Hardware that skips zeros gains; "
            "sparse storage shrinks."));
    percentage(tr("&Share pruned"), QStringLiteral("pruneShare"), m_weights.share);
    check(tr("&One threshold for all layers"), tr("Otherwise the share is taken of each layer"),
          QStringLiteral("pruneGlobally"), m_weights.globally);
    page(tr(
        "Of each M consecutive weights along the input channels the N largest stay (2 of 4: NVIDIA's sparse "
        "tensor cores, Mishra et al. 2021)."));
    number(tr("&Keep"), QStringLiteral("pruneKeep"), 1, 63, m_n_of_m.keep);
    number(tr("&Of"), QStringLiteral("pruneOf"), 2, 64, m_n_of_m.of);
    page(tr("Whole output channels go, with all that only they fed: any hardware gains (Li et al. 2017). "
            "Channels "
            "that residual additions tie together go together."));
    percentage(tr("&Share removed"), QStringLiteral("channelShare"), m_channels.share);
    page(tr(
        "A layer becomes two thinner ones by its largest singular values, where that saves multiplications "
        "(Denton et al. 2014)."));
    percentage(tr("&Energy kept"), QStringLiteral("rankEnergy"), m_low_rank.energy);
    page(tr("Each layer's weights become a few levels by k-means, stored as indices into a codebook (Deep "
            "Compression, Han et al. 2016)."));
    number(tr("&Bits an index"), QStringLiteral("shareBits"), 1, 8, m_share.bits);
    page(tr("Short vectors of weights become entries of a codebook (Gong et al. 2014; Stock et al. 2020)."));
    number(tr("&Length"), QStringLiteral("vectorLength"), 1, 64, m_vectors.length);
    number(tr("&Bits an index"), QStringLiteral("vectorBits"), 1, 12, m_vectors.bits);
    check(tr("P&roduct quantization"), tr("One codebook for each position of the vectors"),
          QStringLiteral("vectorProduct"), m_vectors.product);
}

passes::CompressionMethod CompressionForm::method() const {
    switch (m_index) {
    case NofM:
        return m_n_of_m;
    case Channels:
        return m_channels;
    case Rank:
        return m_low_rank;
    case Share:
        return m_share;
    case Vectors:
        return m_vectors;
    default:
        return m_weights;
    }
}

void CompressionForm::choose(int index) {
    m_index = index;
    m_pages->setCurrentIndex(index);
    store();
}

void CompressionForm::store() {
    QSettings settings;
    settings.setValue(QStringLiteral("compress/method"), m_index);
    settings.setValue(QStringLiteral("compress/%1").arg(m_index), qt(passes::to_string(method())));
    emit edited();
}

void CompressionForm::restore() {
    const QSettings settings;
    for (int index = 0; index < IndexCount; ++index) {
        const auto method = passes::parse_compression(
            settings.value(QStringLiteral("compress/%1").arg(index)).toString().toStdString());
        if (!method) continue;
        std::visit(
            [this](const auto& value) {
                using T = std::decay_t<decltype(value)>;
                if constexpr (std::is_same_v<T, passes::PruneWeights>) m_weights = value;
                if constexpr (std::is_same_v<T, passes::PruneNofM>) m_n_of_m = value;
                if constexpr (std::is_same_v<T, passes::PruneChannels>) m_channels = value;
                if constexpr (std::is_same_v<T, passes::LowRank>) m_low_rank = value;
                if constexpr (std::is_same_v<T, passes::ShareWeights>) m_share = value;
                if constexpr (std::is_same_v<T, passes::QuantizeVectors>) m_vectors = value;
            },
            *method);
    }
    m_index =
        std::clamp(settings.value(QStringLiteral("compress/method"), Weights).toInt(), 0, IndexCount - 1);
}

} // namespace widthwise::gui
