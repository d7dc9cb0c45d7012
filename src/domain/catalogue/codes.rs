//! The value codes of coded findings: closed lists, each with the source of its codes.
//!
//! They are data beside the catalogue's rows. A code is never renamed or given another meaning:
//! check-ups that hold it are kept.

pub(super) const YES_NO: &[&str] = &["Y", "N"];
pub(super) const PASS_FAIL: &[&str] = &["PASS", "FAIL"];
pub(super) const PRESENT_ABSENT: &[&str] = &["PRESENT", "ABSENT"];
/// 未见异常 / 异常: most items of the national forms.
pub(super) const NORMAL_ABNORMAL: &[&str] = &["NORMAL", "ABNORMAL"];

/// CV04.10.022 `[2]`: 01 无, 02 颅骨软化, 03 方颅, 04 枕秃, 05 肋串珠, 06 肋外翻, 07 肋软骨沟,
/// 08 鸡胸, 09 手(足)镯征, 10 O形腿, 11 X形腿.
pub(super) const RICKETS_SIGNS: &[&str] = &[
    "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11",
];

/// 预警征象筛查表: `<months>-<number in its row>`, `NONE`, or loss of a skill at any age.
#[rustfmt::skip]
pub(super) const DEVELOPMENT_SIGNS: &[&str] = &[
    "NONE", "REGRESSION",
    "3-1", "3-2", "3-3", "3-4", "6-1", "6-2", "6-3", "6-4", "8-1", "8-2", "8-3", "8-4",
    "12-1", "12-2", "12-3", "12-4", "18-1", "18-2", "18-3", "18-4",
    "24-1", "24-2", "24-3", "24-4", "30-1", "30-2", "30-3", "30-4",
    "36-1", "36-2", "36-3", "36-4", "48-1", "48-2", "48-3", "48-4",
    "60-1", "60-2", "60-3", "60-4", "72-1", "72-2", "72-3", "72-4",
];

/// Kinds of allergen (entry check form `[k]`; insect venom and latex `[P]`), `NONE` known, and
/// `RULED_OUT` for one substance.
pub(super) const ALLERGY_CODES: &[&str] = &[
    "FOOD",
    "DRUG",
    "INSECT",
    "LATEX",
    "OTHER",
    "NONE",
    "RULED_OUT",
];

/// How far jaundice reaches on a newborn's body `[k]`: none, face, trunk, limbs, palms and soles.
pub(super) const JAUNDICE: &[&str] = &["NONE", "FACE", "TRUNK", "LIMBS", "PALMS_SOLES"];

/// State of the umbilical stump `[k]` (CV04.10.019 has its own numbers).
pub(super) const UMBILICUS: &[&str] = &["FALLEN", "NOT_FALLEN", "OOZING", "ABNORMAL"];

/// 面色 `[k]`: 红润, 黄染, 苍白, 其他 (CV04.10.008 has its own numbers).
pub(super) const COMPLEXION: &[&str] = &["ROSY", "JAUNDICED", "PALE", "OTHER"];

/// 前囟 `[k]`: closed, open and flat, bulging, sunken.
pub(super) const FONTANELLE: &[&str] = &["CLOSED", "OPEN", "BULGING", "SUNKEN"];

/// A screen that may not have been done at all.
pub(super) const SCREENED: &[&str] = &["PASS", "FAIL", "NOT_DONE"];

/// 新生儿疾病筛查 `[k]`: the disease a screen is suspicious of.
pub(super) const NEWBORN_DISEASES: &[&str] =
    &["NEGATIVE", "NOT_DONE", "G6PD", "CH", "PKU", "CAH", "OTHER"];
pub(super) const NEWBORN_DISEASES_RULED_OUT: &[&str] = &["G6PD", "CH", "PKU", "CAH", "OTHER"];

/// Standing conditions besides the four of the entry form (domain reference 3.6); the list is a
/// convention `[P]`. What level 5 of GB/T 39725 covers (HIV and the like) is not in it, so that it
/// can never be sent to a facility.
#[rustfmt::skip]
pub(super) const CONDITIONS: &[&str] = &[
    "ADRENAL_INSUFFICIENCY", // 肾上腺皮质功能不全（含先天性肾上腺皮质增生症）
    "ARRHYTHMIA",            // 心律失常
    "ASPLENIA",              // 无脾或脾功能缺失
    "BREATH_HOLDING",        // 屏气发作
    "BRITTLE_BONES",         // 成骨不全
    "CEREBRAL_PALSY",        // 脑性瘫痪
    "CHRONIC_LUNG_DISEASE",  // 慢性肺疾病（含支气管肺发育不良）
    "CLEFT_PALATE",          // 唇腭裂
    "COCHLEAR_IMPLANT",      // 人工耳蜗
    "DIABETES",              // 糖尿病
    "ECZEMA",                // 特应性皮炎（湿疹）
    "G6PD_DEFICIENCY",       // 葡萄糖-6-磷酸脱氢酶缺乏症
    "HAEMOPHILIA",           // 血友病及其他出血性疾病
    "HEARING_LOSS",          // 永久性听力损失
    "HYPOTHYROIDISM",        // 甲状腺功能减退
    "IMMUNE_DEFICIENCY",     // 免疫缺陷或免疫抑制治疗
    "INGUINAL_HERNIA",       // 腹股沟疝
    "LOW_VISION",            // 视力残疾或重度视力损害
    "NEPHROTIC_SYNDROME",    // 肾病综合征
    "NURSEMAID_ELBOW",       // 桡骨头半脱位（反复牵拉肘）
    "PKU",                   // 苯丙酮尿症
    "SHUNT",                 // 脑积水分流术后
    "THALASSAEMIA",          // 地中海贫血
    "THROMBOCYTOPENIA",      // 血小板减少
    "TRACHEOSTOMY",          // 气管造口
    "TUBE_FEEDING",          // 胃管或胃造口喂养
];

/// What can be ruled out: conditions that are findings of their own, and [`CONDITIONS`].
pub(super) const RULED_OUT: &[&str] = &{
    const OWN: [&str; 5] = [
        "ANAPHYLAXIS",
        "ASTHMA",
        "CHD",
        "EPILEPSY",
        "FEBRILE_SEIZURE",
    ];
    let mut all = [""; OWN.len() + CONDITIONS.len()];
    let mut at = 0;
    while at < all.len() {
        all[at] = if at < OWN.len() {
            OWN[at]
        } else {
            CONDITIONS[at - OWN.len()]
        };
        at += 1;
    }
    all
};

/// The diseases of the exclusion table (domain reference 3.7).
pub(super) const INFECTIOUS_DISEASES: &[&str] = &[
    "HFMD",
    "VARICELLA",
    "MUMPS",
    "INFLUENZA",
    "MEASLES",
    "RUBELLA",
    "SCARLET_FEVER",
    "MENINGOCOCCAL",
    "DYSENTERY",
    "NOROVIRUS",
    "HERPANGINA",
];

/// Doses of the national immunisation programme, editions 2021 and 2026 (domain reference 3.8):
/// antigen and place in its series, not a brand. A dose of a paid combination vaccine is sent as
/// the doses it covers.
#[rustfmt::skip]
pub(super) const VACCINE_DOSES: &[&str] = &[
    "HepB-1", "HepB-2", "HepB-3", "BCG-1", "IPV-1", "IPV-2", "bOPV-3", "bOPV-4",
    "DTaP-1", "DTaP-2", "DTaP-3", "DTaP-4", "DTaP-5", "DT-1",
    "MPSV-A-1", "MPSV-A-2", "MPSV-AC-3", "MPSV-AC-4", "MMR-1", "MMR-2",
    "JE-L-1", "JE-L-2", "JE-I-1", "JE-I-2", "JE-I-3", "JE-I-4",
    "HepA-L-1", "HepA-I-1", "HepA-I-2", "2vHPV-1", "2vHPV-2",
];

/// The vaccines of [`VACCINE_DOSES`].
#[rustfmt::skip]
pub(super) const VACCINES: &[&str] = &[
    "HepB", "BCG", "IPV", "bOPV", "DTaP", "DT", "MPSV-A", "MPSV-AC", "MMR", "JE-L", "JE-I",
    "HepA-L", "HepA-I", "2vHPV",
];
