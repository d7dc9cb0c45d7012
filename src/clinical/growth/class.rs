//! The words of the two standards: levels and nutrition classes. Which word stands for which cut-off
//! is each standard's own ([`super::wst423`], [`super::who`]); the word alone is never shown
//! without saying whose it is.

use crate::domain::text_code::text_codes;

text_codes! {
    /// Where a measurement lies, in five steps (WS/T 423-2022 tables 1 and 2).
    GrowthLevel {
        /// 下: below −2 SD, or below P3
        Lower = "LOWER",
        /// 中下: −2 SD to below −1 SD, or P3 to below P25
        LowerMiddle = "LOWER_MIDDLE",
        /// 中: −1 SD to below +1 SD, or P25 to below P75
        Middle = "MIDDLE",
        /// 中上: +1 SD to below +2 SD, or P75 to below P97
        UpperMiddle = "UPPER_MIDDLE",
        /// 上: +2 SD and above, or P97 and above
        Upper = "UPPER",
    }
}

text_codes! {
    /// Nutrition class (WS/T 423-2022 table 3; WHO's classes where they differ are marked).
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
        /// 有超重风险; WHO only, under five years
        RiskOfOverweight = "RISK_OF_OVERWEIGHT",
        /// 超重
        Overweight = "OVERWEIGHT",
        /// 肥胖
        Obesity = "OBESITY",
        /// 重度肥胖; WS/T 423 only
        SevereObesity = "SEVERE_OBESITY",
        /// 重度消瘦 (severe thinness); WHO only, from five years on
        SevereThinness = "SEVERE_THINNESS",
        /// 消瘦 (thinness); WHO only, from five years on
        Thinness = "THINNESS",
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
            NutritionClass::SevereWasting | NutritionClass::SevereThinness => "重度消瘦",
            NutritionClass::Wasting | NutritionClass::Thinness => "消瘦",
            NutritionClass::RiskOfOverweight => "有超重风险",
            NutritionClass::Overweight => "超重",
            NutritionClass::Obesity => "肥胖",
            NutritionClass::SevereObesity => "重度肥胖",
        }
    }
}
