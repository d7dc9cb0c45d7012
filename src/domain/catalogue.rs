//! The catalogue of findings: what a check-up may say, in which unit, within which hard bounds.
//!
//! It is data: one row a code. A new kind of finding is a new row, never a new branch. The bounds
//! are not reference ranges; they are what no living child under seven can be beyond, so that a
//! wrong unit or a slipped digit is refused at the door (domain reference 6.6). Codes of coded
//! values are listed in [`codes`].

mod codes;

/// How a finding's value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number: `unit` in UCUM, kept with `decimals` places, within `low..=high` (scaled alike).
    Quantity {
        unit: &'static str,
        decimals: u32,
        low: i64,
        high: i64,
    },
    /// One of the listed codes; `text` says whether free text goes with it.
    Coded {
        codes: &'static [&'static str],
        text: TextRule,
    },
    /// Free text, at most [`MAX_TEXT`] characters.
    Text,
    /// A civil day, not after the check-up that states it and not before birth.
    Date,
}

/// Whether a coded value carries free text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextRule {
    /// No text is expected; one that comes is kept.
    Optional,
    /// Required, except with the code named.
    RequiredUnless(&'static str),
}

/// One row of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    pub code: FindingCode,
    /// The stable text code of wire and store.
    pub name: &'static str,
    pub label_zh: &'static str,
    pub kind: Kind,
    /// Whether one check-up may hold several (signs, allergies).
    pub repeats: bool,
}

/// The longest free text of a finding, in characters.
pub const MAX_TEXT: usize = 200;

/// Haemoglobin below this many g/L is almost surely g/dL (`[P]`, domain reference 3.2).
pub const HAEMOGLOBIN_LEAST_G_L: i64 = 30;

macro_rules! catalogue {
    ($($variant:ident $name:literal $label:literal $kind:expr, $repeats:literal;)+) => {
        /// What was found or measured; see [`CATALOGUE`] for unit, bounds and meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FindingCode { $($variant),+ }

        /// Every finding the gateway understands, in the order of [`FindingCode`].
        pub const CATALOGUE: &[Entry] = &[$(Entry {
            code: FindingCode::$variant,
            name: $name,
            label_zh: $label,
            kind: $kind,
            repeats: $repeats,
        }),+];
    };
}

const fn quantity(unit: &'static str, decimals: u32, low: i64, high: i64) -> Kind {
    Kind::Quantity {
        unit,
        decimals,
        low,
        high,
    }
}

const fn coded(codes: &'static [&'static str]) -> Kind {
    Kind::Coded {
        codes,
        text: TextRule::Optional,
    }
}

/// Coded, with free text required except with `unless`.
const fn explained(codes: &'static [&'static str], unless: &'static str) -> Kind {
    Kind::Coded {
        codes,
        text: TextRule::RequiredUnless(unless),
    }
}

/// A count of things, 0 to `high`.
const fn count(high: i64) -> Kind {
    quantity("1", 0, 0, high)
}

catalogue! {
    Weight "WEIGHT" "体重" quantity("g", 0, 300, 80_000), false;
    LengthHeight "LENGTH_HEIGHT" "身长/身高" quantity("mm", 1, 2_000, 16_000), false;
    MeasuringPosition "MEASURING_POSITION" "测量体位" coded(&["L", "H"]), false;
    HeadCircumference "HEAD_CIRCUMFERENCE" "头围" quantity("mm", 1, 1_500, 7_000), false;
    Oedema "OEDEMA" "双足凹陷性水肿" coded(codes::YES_NO), false;
    Haemoglobin "HAEMOGLOBIN" "血红蛋白" quantity("g/L", 1, HAEMOGLOBIN_LEAST_G_L * 10, 3_000), false;
    Hearing "HEARING" "听力" coded(codes::PASS_FAIL), false;
    // Below 3.0 a five-mark value can't be told from a decimal acuity (1.0), so it is refused.
    VisionLeft "VISION_LEFT" "左眼视力(五分记录)" quantity("1", 1, 30, 53), false;
    VisionRight "VISION_RIGHT" "右眼视力(五分记录)" quantity("1", 1, 30, 53), false;
    RicketsSign "RICKETS_SIGN" "可疑佝偻病体征" coded(codes::RICKETS_SIGNS), true;
    // CV04.10.021: 1 无, 2 夜惊, 3 多汗, 4 烦躁.
    RicketsSymptom "RICKETS_SYMPTOM" "可疑佝偻病症状" coded(&["1", "2", "3", "4"]), true;
    DevelopmentSign "DEVELOPMENT_SIGN" "心理行为发育预警征象" coded(codes::DEVELOPMENT_SIGNS), true;
    Allergy "ALLERGY" "过敏史"
        explained(codes::ALLERGY_CODES, "NONE"), true;
    Chd "CHD" "先天性心脏病" coded(codes::PRESENT_ABSENT), false;
    Epilepsy "EPILEPSY" "癫痫" coded(codes::PRESENT_ABSENT), false;
    FebrileSeizure "FEBRILE_SEIZURE" "高热惊厥" coded(codes::PRESENT_ABSENT), false;
    Asthma "ASTHMA" "哮喘" coded(codes::PRESENT_ABSENT), false;
    ConditionOther "CONDITION_OTHER" "其他既往病史" Kind::Text, true;
    Temperature "TEMPERATURE" "体温" quantity("Cel", 1, 250, 450), false;
    TeethErupted "TEETH_ERUPTED" "出牙数" quantity("1", 0, 0, 32), false;
    TeethCarious "TEETH_CARIOUS" "龋齿数" quantity("1", 0, 0, 32), false;
    OutdoorHours "OUTDOOR_HOURS" "户外活动" quantity("h/d", 1, 0, 240), false;
    VitaminD "VITAMIN_D" "维生素D" quantity("[iU]/d", 0, 0, 50_000), false;
    VaccineDose "VACCINE_DOSE" "预防接种剂次" coded(codes::VACCINE_DOSES), true;
    VaccineContraindicated "VACCINE_CONTRAINDICATED" "疫苗接种禁忌" coded(codes::VACCINES), true;
    VaccineCleared "VACCINE_CLEARED" "疫苗接种禁忌解除" coded(codes::VACCINES), true;
    Note "NOTE" "备注" Kind::Text, true;

    // Newborn visit and the items of the national forms (domain reference 1.2).
    BirthWeight "BIRTH_WEIGHT" "出生体重" quantity("g", 0, 300, 7_000), false;
    Jaundice "JAUNDICE" "黄疸部位" coded(codes::JAUNDICE), false;
    Umbilicus "UMBILICUS" "脐部" coded(codes::UMBILICUS), false;
    Complexion "COMPLEXION" "面色" coded(codes::COMPLEXION), false;
    Skin "SKIN" "皮肤" coded(codes::NORMAL_ABNORMAL), false;
    Fontanelle "FONTANELLE" "前囟" coded(codes::FONTANELLE), false;
    NeckMass "NECK_MASS" "颈部包块" coded(codes::YES_NO), false;
    EarAppearance "EAR_APPEARANCE" "耳外观" coded(codes::NORMAL_ABNORMAL), false;
    Mouth "MOUTH" "口腔" coded(codes::NORMAL_ABNORMAL), false;
    Chest "CHEST" "胸部(心肺)" coded(codes::NORMAL_ABNORMAL), false;
    Abdomen "ABDOMEN" "腹部" coded(codes::NORMAL_ABNORMAL), false;
    Spine "SPINE" "脊柱" coded(codes::NORMAL_ABNORMAL), false;
    Limbs "LIMBS" "四肢" coded(codes::NORMAL_ABNORMAL), false;
    Gait "GAIT" "步态" coded(codes::NORMAL_ABNORMAL), false;
    AnusGenitalia "ANUS_GENITALIA" "肛门/外生殖器" coded(codes::NORMAL_ABNORMAL), false;
    NewbornHearingScreen "NEWBORN_HEARING_SCREEN" "新生儿听力筛查" coded(codes::SCREENED), false;
    NewbornHearingRescreen "NEWBORN_HEARING_RESCREEN" "新生儿听力复筛" coded(codes::PASS_FAIL), false;
    HearingDiagnosis "HEARING_DIAGNOSIS" "听力诊断" coded(&["NORMAL", "LOSS"]), false;
    NewbornDiseaseScreen "NEWBORN_DISEASE_SCREEN" "新生儿疾病筛查(可疑)"
        coded(codes::NEWBORN_DISEASES), true;
    NewbornDiseaseRuledOut "NEWBORN_DISEASE_RULED_OUT" "新生儿疾病筛查复查排除"
        coded(codes::NEWBORN_DISEASES_RULED_OUT), true;
    PneumoniaAdmissions "PNEUMONIA_ADMISSIONS" "两次随访间肺炎住院次数" count(50), false;
    DiarrhoeaAdmissions "DIARRHOEA_ADMISSIONS" "两次随访间腹泻住院次数" count(50), false;
    InjuryAdmissions "INJURY_ADMISSIONS" "两次随访间外伤住院次数" count(50), false;
    Referral "REFERRAL" "转诊建议" explained(codes::YES_NO, "N"), false;

    // 眼保健及视力检查 (domain reference 1.4).
    EyeHighRisk "EYE_HIGH_RISK" "眼病高危因素" coded(codes::YES_NO), false;
    EyeAppearance "EYE_APPEARANCE" "眼外观" coded(codes::NORMAL_ABNORMAL), false;
    LightReaction "LIGHT_REACTION" "光照反应" coded(codes::NORMAL_ABNORMAL), false;
    BlinkReflex "BLINK_REFLEX" "瞬目反射" coded(codes::NORMAL_ABNORMAL), false;
    RedBall "RED_BALL" "红球试验" coded(codes::NORMAL_ABNORMAL), false;
    RedReflex "RED_REFLEX" "红光反射" coded(codes::NORMAL_ABNORMAL), false;
    VisualBehaviour "VISUAL_BEHAVIOUR" "视物行为" coded(codes::NORMAL_ABNORMAL), false;
    EyePosition "EYE_POSITION" "眼位" coded(codes::NORMAL_ABNORMAL), false;
    Refraction "REFRACTION" "屈光筛查" coded(codes::PASS_FAIL), false;
    HyperopiaReserve "HYPEROPIA_RESERVE" "远视储备量" coded(&["ADEQUATE", "INSUFFICIENT"]), false;

    // Screening scales: the text names the scale.
    DevelopmentScreen "DEVELOPMENT_SCREEN" "发育筛查结果"
        explained(&["PASS", "SUSPECT", "FAIL"], "PASS"), false;
    DevelopmentQuotient "DEVELOPMENT_QUOTIENT" "发育商" count(200), false;

    // Entry check form (domain reference 3.9).
    Alt "ALT" "丙氨酸氨基转移酶" quantity("U/L", 0, 0, 9_999), false;
    EntryConclusion "ENTRY_CONCLUSION" "入园（所）健康检查结论" coded(&["FIT", "DEFERRED"]), false;

    // Standing conditions and what is kept at hand for them (domain reference 3.6).
    Anaphylaxis "ANAPHYLAXIS" "严重过敏反应史" coded(codes::PRESENT_ABSENT), false;
    AdrenalinePen "ADRENALINE_PEN" "机构备有肾上腺素笔" coded(codes::YES_NO), false;
    Inhaler "INHALER" "机构备有吸入急救药" coded(codes::YES_NO), false;
    SeizureMedicine "SEIZURE_MEDICINE" "机构备有止惊急救药" coded(codes::YES_NO), false;
    Condition "CONDITION" "既往或现患疾病" coded(codes::CONDITIONS), true;
    ConditionRuledOut "CONDITION_RULED_OUT" "疾病已排除或已痊愈" coded(codes::RULED_OUT), true;

    // Infectious disease and return to care (domain reference 3.7).
    InfectiousDisease "INFECTIOUS_DISEASE" "传染病诊断" coded(codes::INFECTIOUS_DISEASES), true;
    InfectiousContact "INFECTIOUS_CONTACT" "传染病接触" coded(codes::INFECTIOUS_DISEASES), true;
    ReturnCertificate "RETURN_CERTIFICATE" "返园证明" coded(codes::INFECTIOUS_DISEASES), true;
    WithPneumonia "WITH_PNEUMONIA" "并发肺炎" coded(codes::YES_NO), false;
    OnsetDate "ONSET_DATE" "发病日期" Kind::Date, false;
    RashDate "RASH_DATE" "出疹日期" Kind::Date, false;
    TreatmentDate "TREATMENT_DATE" "开始治疗日期" Kind::Date, false;
    SymptomsGoneDate "SYMPTOMS_GONE_DATE" "症状消失日期" Kind::Date, false;
    ContactDate "CONTACT_DATE" "末次接触日期" Kind::Date, false;
}

impl FindingCode {
    /// How many codes there are.
    pub const COUNT: usize = CATALOGUE.len();

    /// Its row of the catalogue.
    pub fn entry(self) -> &'static Entry {
        // The macro writes enum and table together, so the index always exists.
        &CATALOGUE[self as usize]
    }

    /// The stable text code, for example `WEIGHT`.
    pub fn as_str(self) -> &'static str {
        self.entry().name
    }

    /// Reads a text code; `None` if the catalogue has no such row.
    pub fn parse(text: &str) -> Option<FindingCode> {
        CATALOGUE
            .iter()
            .find(|entry| entry.name == text)
            .map(|entry| entry.code)
    }

    /// Whether a rule that reads it may tell a facility anything, under whatever category: findings of
    /// the physical examination, of the newborn, of rickets and of development are no carer's business
    /// (design section 3).
    #[rustfmt::skip]
    pub fn may_reach_facility(self) -> bool {
        use FindingCode as F;
        !matches!(
            self,
            F::RicketsSign | F::RicketsSymptom | F::DevelopmentSign | F::DevelopmentScreen
                | F::DevelopmentQuotient | F::BirthWeight | F::Temperature | F::Jaundice | F::Umbilicus
                | F::NewbornDiseaseScreen | F::NewbornDiseaseRuledOut | F::Complexion | F::Skin
                | F::Fontanelle | F::NeckMass | F::EarAppearance | F::Chest | F::Abdomen | F::Spine
                | F::Limbs | F::Gait | F::AnusGenitalia | F::PneumoniaAdmissions
                | F::DiarrhoeaAdmissions | F::InjuryAdmissions | F::Referral | F::Alt
        )
    }

    /// 0-based place in the catalogue.
    pub(crate) fn index(self) -> usize {
        self as usize
    }
}

impl<'de> serde::Deserialize<'de> for FindingCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<FindingCode, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        FindingCode::parse(&text).ok_or_else(|| serde::de::Error::custom("unknown finding code"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_its_name_and_index() {
        for (at, entry) in CATALOGUE.iter().enumerate() {
            assert_eq!(entry.code.index(), at);
            assert_eq!(FindingCode::parse(entry.name), Some(entry.code));
            if let Kind::Quantity { low, high, .. } = entry.kind {
                assert!(low < high, "{}", entry.name);
            }
        }
        assert_eq!(FindingCode::parse("weight"), None);
    }
}
