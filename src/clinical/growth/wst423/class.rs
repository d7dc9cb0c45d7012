//! The words of WS/T 423-2022: levels (table 2) and nutrition classes (table 3).

use crate::domain::text_code::text_codes;

text_codes! {
    /// Level by standard deviations (table 2); the lower bound is included.
    GrowthLevel {
        /// 下: below −2 SD
        Lower = "LOWER",
        /// 中下: −2 SD to below −1 SD
        LowerMiddle = "LOWER_MIDDLE",
        /// 中: −1 SD to below +1 SD
        Middle = "MIDDLE",
        /// 中上: +1 SD to below +2 SD
        UpperMiddle = "UPPER_MIDDLE",
        /// 上: +2 SD and above
        Upper = "UPPER",
    }
}

text_codes! {
    /// Nutrition class (table 3).
    NutritionClass {
        /// 重度低体重
        SevereUnderweight = "SEVERE_UNDERWEIGHT",
        /// 低体重
        Underweight = "UNDERWEIGHT",
        /// 重度生长迟缓
        SevereStunting = "SEVERE_STUNTING",
        /// 生长迟缓
        Stunting = "STUNTING",
        /// 重度消瘦
        SevereWasting = "SEVERE_WASTING",
        /// 消瘦
        Wasting = "WASTING",
        /// 超重
        Overweight = "OVERWEIGHT",
        /// 肥胖
        Obesity = "OBESITY",
        /// 重度肥胖
        SevereObesity = "SEVERE_OBESITY",
    }
}

impl GrowthLevel {
    /// The standard's word.
    pub fn label_zh(self) -> &'static str {
        match self {
            GrowthLevel::Lower => "下",
            GrowthLevel::LowerMiddle => "中下",
            GrowthLevel::Middle => "中",
            GrowthLevel::UpperMiddle => "中上",
            GrowthLevel::Upper => "上",
        }
    }
}

impl NutritionClass {
    /// The standard's word.
    pub fn label_zh(self) -> &'static str {
        match self {
            NutritionClass::SevereUnderweight => "重度低体重",
            NutritionClass::Underweight => "低体重",
            NutritionClass::SevereStunting => "重度生长迟缓",
            NutritionClass::Stunting => "生长迟缓",
            NutritionClass::SevereWasting => "重度消瘦",
            NutritionClass::Wasting => "消瘦",
            NutritionClass::Overweight => "超重",
            NutritionClass::Obesity => "肥胖",
            NutritionClass::SevereObesity => "重度肥胖",
        }
    }
}
