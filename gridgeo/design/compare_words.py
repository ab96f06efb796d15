"""Hold the sentences in which a comparison is told, in English and in Chinese."""

SENTENCES = {
    "en": {
        "areas": "{areas_before:,} areas of level {level} before, {areas_after:,} after: {areas_added:,} added, "
        "{areas_gone:,} gone, {areas_changed:,} changed, {areas_renamed:,} renamed, {areas_same:,} same",
        "households": "{households_moved:,} of {households:,} households change their area ({moved_share:.1%}), "
        "{households_parted:,} leave most of their old neighbours",
        "nobody": "no households are counted",
        "load": "an area holds from {households_lowest_before:,.0f} to {households_highest_before:,.0f} households "
        "before, {households_median_before:,.0f} in the middle; from {households_lowest_after:,.0f} to "
        "{households_highest_after:,.0f} after, {households_median_after:,.0f} in the middle",
        "band": "{in_band_before:,} areas keep their band before, {in_band_after:,} after",
        "borders": "borders: {border_kept_m:,.0f} m kept, {border_dropped_m:,.0f} m dropped, "
        "{border_drawn_m:,.0f} m drawn anew",
        "incidents": "{incidents_moved:,} of {incidents:,} incidents lie in another area",
        "officers": "{officers_changed:,} officers gain or lose, {areas_without_officer:,} areas have no officer after",
    },
    "zh": {
        "areas": "{level} 级责任区调整前 {areas_before:,} 个,调整后 {areas_after:,} 个:新增 {areas_added:,},"
        "撤销 {areas_gone:,},范围变化 {areas_changed:,},更名 {areas_renamed:,},不变 {areas_same:,}",
        "households": "{households:,} 户中有 {households_moved:,} 户改变归属({moved_share:.1%}),"
        "{households_parted:,} 户与原网格多数邻居分开",
        "nobody": "未统计户数",
        "load": "调整前每区 {households_lowest_before:,.0f} 至 {households_highest_before:,.0f} 户,中位数 "
        "{households_median_before:,.0f};调整后 {households_lowest_after:,.0f} 至 {households_highest_after:,.0f} 户,"
        "中位数 {households_median_after:,.0f}",
        "band": "符合规模要求的责任区:调整前 {in_band_before:,} 个,调整后 {in_band_after:,} 个",
        "borders": "边界:保留 {border_kept_m:,.0f} 米,取消 {border_dropped_m:,.0f} 米,新划 {border_drawn_m:,.0f} 米",
        "incidents": "{incidents:,} 件事件中有 {incidents_moved:,} 件落入另一责任区",
        "officers": "{officers_changed:,} 名人员的包保有增减,调整后 {areas_without_officer:,} 个责任区无人包保",
    },
}
"""For each language the sentences by what they tell of; fields are those of ``Comparison.summary``."""
