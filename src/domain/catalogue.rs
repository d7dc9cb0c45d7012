//! The catalogue of findings: what a check-up may say, in which unit, within which hard bounds.
//!
//! It is data: one row a code. A new kind of finding is a new row, never a new branch. The bounds
//! are not reference ranges; they are what no living child under seven can be beyond, so that a
//! wrong unit or a slipped digit is refused at the door (domain reference 6.6).

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

const PRESENT_ABSENT: &[&str] = &["PRESENT", "ABSENT"];

/// CV04.10.022 `[2]`: 01 无, 02 颅骨软化, 03 方颅, 04 枕秃, 05 肋串珠, 06 肋外翻, 07 肋软骨沟,
/// 08 鸡胸, 09 手(足)镯征, 10 O形腿, 11 X形腿.
const RICKETS_SIGNS: &[&str] = &[
    "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11",
];

/// 预警征象筛查表: `<months>-<number in its row>`, `NONE`, or loss of a skill at any age.
#[rustfmt::skip]
const DEVELOPMENT_SIGNS: &[&str] = &[
    "NONE", "REGRESSION",
    "3-1", "3-2", "3-3", "3-4", "6-1", "6-2", "6-3", "6-4", "8-1", "8-2", "8-3", "8-4",
    "12-1", "12-2", "12-3", "12-4", "18-1", "18-2", "18-3", "18-4",
    "24-1", "24-2", "24-3", "24-4", "30-1", "30-2", "30-3", "30-4",
    "36-1", "36-2", "36-3", "36-4", "48-1", "48-2", "48-3", "48-4",
    "60-1", "60-2", "60-3", "60-4", "72-1", "72-2", "72-3", "72-4",
];

/// Kinds of allergen (entry check form `[k]`), `NONE` known, and `RULED_OUT` for one substance.
const ALLERGY_CODES: &[&str] = &["FOOD", "DRUG", "OTHER", "NONE", "RULED_OUT"];

/// Doses of the national immunisation programme, editions 2021 and 2026 (domain reference 3.8):
/// antigen and place in its series, not a brand. A dose of a paid combination vaccine is sent as
/// the doses it covers.
#[rustfmt::skip]
const VACCINE_DOSES: &[&str] = &[
    "HepB-1", "HepB-2", "HepB-3", "BCG-1", "IPV-1", "IPV-2", "bOPV-3", "bOPV-4",
    "DTaP-1", "DTaP-2", "DTaP-3", "DTaP-4", "DTaP-5", "DT-1",
    "MPSV-A-1", "MPSV-A-2", "MPSV-AC-3", "MPSV-AC-4", "MMR-1", "MMR-2",
    "JE-L-1", "JE-L-2", "JE-I-1", "JE-I-2", "JE-I-3", "JE-I-4",
    "HepA-L-1", "HepA-I-1", "HepA-I-2", "2vHPV-1", "2vHPV-2",
];

/// The vaccines of [`VACCINE_DOSES`].
#[rustfmt::skip]
const VACCINES: &[&str] = &[
    "HepB", "BCG", "IPV", "bOPV", "DTaP", "DT", "MPSV-A", "MPSV-AC", "MMR", "JE-L", "JE-I",
    "HepA-L", "HepA-I", "2vHPV",
];

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

catalogue! {
    Weight "WEIGHT" "体重" quantity("g", 0, 300, 80_000), false;
    LengthHeight "LENGTH_HEIGHT" "身长/身高" quantity("mm", 1, 2_000, 16_000), false;
    MeasuringPosition "MEASURING_POSITION" "测量体位" coded(&["L", "H"]), false;
    HeadCircumference "HEAD_CIRCUMFERENCE" "头围" quantity("mm", 1, 1_500, 7_000), false;
    Oedema "OEDEMA" "双足凹陷性水肿" coded(&["Y", "N"]), false;
    Haemoglobin "HAEMOGLOBIN" "血红蛋白" quantity("g/L", 1, HAEMOGLOBIN_LEAST_G_L * 10, 3_000), false;
    Hearing "HEARING" "听力" coded(&["PASS", "FAIL"]), false;
    // Below 3.0 a five-mark value can't be told from a decimal acuity (1.0), so it is refused.
    VisionLeft "VISION_LEFT" "左眼视力(五分记录)" quantity("1", 1, 30, 53), false;
    VisionRight "VISION_RIGHT" "右眼视力(五分记录)" quantity("1", 1, 30, 53), false;
    RicketsSign "RICKETS_SIGN" "可疑佝偻病体征" coded(RICKETS_SIGNS), true;
    // CV04.10.021: 1 无, 2 夜惊, 3 多汗, 4 烦躁. Symptoms alone are watched, no rule reads them.
    RicketsSymptom "RICKETS_SYMPTOM" "可疑佝偻病症状" coded(&["1", "2", "3", "4"]), true;
    DevelopmentSign "DEVELOPMENT_SIGN" "心理行为发育预警征象" coded(DEVELOPMENT_SIGNS), true;
    Allergy "ALLERGY" "过敏史"
        Kind::Coded { codes: ALLERGY_CODES, text: TextRule::RequiredUnless("NONE") }, true;
    Chd "CHD" "先天性心脏病" coded(PRESENT_ABSENT), false;
    Epilepsy "EPILEPSY" "癫痫" coded(PRESENT_ABSENT), false;
    FebrileSeizure "FEBRILE_SEIZURE" "高热惊厥" coded(PRESENT_ABSENT), false;
    Asthma "ASTHMA" "哮喘" coded(PRESENT_ABSENT), false;
    ConditionOther "CONDITION_OTHER" "其他既往病史" Kind::Text, true;
    Temperature "TEMPERATURE" "体温" quantity("Cel", 1, 250, 450), false;
    TeethErupted "TEETH_ERUPTED" "出牙数" quantity("1", 0, 0, 32), false;
    TeethCarious "TEETH_CARIOUS" "龋齿数" quantity("1", 0, 0, 32), false;
    OutdoorHours "OUTDOOR_HOURS" "户外活动" quantity("h/d", 1, 0, 240), false;
    VitaminD "VITAMIN_D" "维生素D" quantity("[iU]/d", 0, 0, 50_000), false;
    VaccineDose "VACCINE_DOSE" "预防接种剂次" coded(VACCINE_DOSES), true;
    VaccineContraindicated "VACCINE_CONTRAINDICATED" "疫苗接种禁忌" coded(VACCINES), true;
    VaccineCleared "VACCINE_CLEARED" "疫苗接种禁忌解除" coded(VACCINES), true;
    Note "NOTE" "备注" Kind::Text, true;
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
