//! A rule set as it is kept and handed on: its rule and schedule files, named by their content.
//!
//! The program ships one; a commission adds others. Whoever holds the same files holds the same set,
//! so an id that was written down years ago still says exactly by which rules a child was assessed.

use std::sync::Arc;

use ring::digest::{SHA256, digest};

use crate::domain::{canonical::Writer, rule_set::RuleSetId};

/// The most files a set has.
pub const MOST_FILES: usize = 200;
/// The longest file, in bytes.
pub const LONGEST_FILE: usize = 512 << 10;
/// The longest set, in bytes over all its files.
pub const LONGEST_SET: usize = 4 << 20;
/// The longest name of a file, in bytes, with its folder.
pub const LONGEST_NAME: usize = 64;
/// Schedule files stand in this folder of a set, rule files beside it.
pub const SCHEDULES: &str = "schedules/";

/// One file of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleFile {
    /// For example `anaemia.toml`, or `schedules/child_health.toml`.
    pub name: String,
    /// What it says.
    pub text: String,
}

/// A set of rule and schedule files, in the order of their names. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    id: RuleSetId,
    files: Arc<[RuleFile]>,
}

/// Why files are no set, before any rule is read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// No rule file.
    #[error("there is no rule file")]
    Empty,
    /// No schedule file: what is due would depend on the program.
    #[error("there is no schedule file in {SCHEDULES}")]
    NoSchedule,
    /// Too many.
    #[error("more than {MOST_FILES} files")]
    TooMany,
    /// A name that is not `letters_digits.toml`, in the folder for schedules or in none.
    #[error("a file is named in lower-case letters, digits, underscores and \".toml\"")]
    Name,
    /// Two files of one name.
    #[error("{0} is there twice")]
    Twice(String),
    /// A file, or all of them together, is too long.
    #[error("{0} makes the set too long")]
    TooLong(String),
}

impl BundleError {
    /// What a clerk reads.
    pub fn zh(&self) -> String {
        match self {
            Self::Empty => "规则集中没有规则文件".to_owned(),
            Self::NoSchedule => format!("规则集中没有安排文件（{SCHEDULES}）"),
            Self::TooMany => format!("规则集的文件超过 {MOST_FILES} 个"),
            Self::Name => "规则文件名只能用小写字母、数字和下划线，并以 .toml 结尾".to_owned(),
            Self::Twice(name) => format!("规则文件 {name} 重复"),
            Self::TooLong(name) => format!(
                "规则文件 {name} 过长：单个文件不超过 {} KiB，全部不超过 {} MiB",
                LONGEST_FILE >> 10,
                LONGEST_SET >> 20
            ),
        }
    }
}

impl Bundle {
    /// A set of files, whatever their order.
    ///
    /// # Errors
    /// [`BundleError`] for names or lengths that no set may have. Whether the rules are sound is
    /// [`RuleSet::of`](super::RuleSet::of)'s to say.
    pub fn new(files: Vec<RuleFile>) -> Result<Self, BundleError> {
        if files.len() > MOST_FILES {
            return Err(BundleError::TooMany);
        }
        let mut all = 0;
        for file in &files {
            if !is_name(&file.name) {
                return Err(BundleError::Name);
            }
            all += file.text.len();
            if file.text.len() > LONGEST_FILE || all > LONGEST_SET {
                return Err(BundleError::TooLong(file.name.clone()));
            }
        }
        let bundle = Self::of(files);
        if bundle.rules().next().is_none() {
            return Err(BundleError::Empty);
        }
        if bundle.schedules().next().is_none() {
            return Err(BundleError::NoSchedule);
        }
        let mut pairs = bundle.files.windows(2);
        match pairs.find(|pair| pair[0].name == pair[1].name) {
            Some(pair) => Err(BundleError::Twice(pair[0].name.clone())),
            None => Ok(bundle),
        }
    }

    /// Files that are known to be a set.
    pub(super) fn of(mut files: Vec<RuleFile>) -> Self {
        files.sort_by(|a, b| a.name.cmp(&b.name));
        let bytes = Writer::new("yuqiao-rule-set", 1)
            .list(&files, |w, file| w.text(&file.name).text(&file.text))
            .finish();
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, &bytes).as_ref());
        Self {
            id: RuleSetId::of_digest(&hash),
            files: files.into(),
        }
    }

    /// The name of the set.
    pub fn id(&self) -> RuleSetId {
        self.id
    }

    /// Its files, in the order of their names.
    pub fn files(&self) -> &[RuleFile] {
        &self.files
    }

    /// Name and text of its rule files.
    pub fn rules(&self) -> impl Iterator<Item = (&str, &str)> {
        let rules = self.files.iter().filter(|f| !f.is_schedule());
        rules.map(|f| (&*f.name, &*f.text))
    }

    /// Name and text of its schedule files.
    pub fn schedules(&self) -> impl Iterator<Item = (&str, &str)> {
        let schedules = self.files.iter().filter(|f| f.is_schedule());
        schedules.map(|f| (&*f.name, &*f.text))
    }
}

impl RuleFile {
    /// Whether it says what is due, and no rule.
    pub fn is_schedule(&self) -> bool {
        self.name.starts_with(SCHEDULES)
    }
}

/// Also a path for a file on any machine: nothing of it can lead elsewhere.
fn is_name(path: &str) -> bool {
    let name = path.strip_prefix(SCHEDULES).unwrap_or(path);
    let Some(stem) = name.strip_suffix(".toml") else {
        return false;
    };
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    !stem.is_empty() && path.len() <= LONGEST_NAME && stem.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> RuleFile {
        let (name, text) = (name.to_owned(), text.to_owned());
        RuleFile { name, text }
    }

    #[test]
    fn the_id_is_the_content_and_nothing_else() {
        let set = |files: &[(&str, &str)]| {
            let files = files.iter().map(|(name, text)| file(name, text));
            Bundle::new(files.chain([file("schedules/s.toml", "z")]).collect())
                .unwrap()
                .id()
        };
        let one = set(&[("a.toml", "x"), ("b.toml", "y")]);
        assert_eq!(one, set(&[("b.toml", "y"), ("a.toml", "x")]));
        assert_ne!(one, set(&[("a.toml", "xy"), ("b.toml", "")]));
        assert_ne!(one, set(&[("a.toml", "x"), ("c.toml", "y")]));
        // Kept in databases: the way it is computed never changes.
        assert_eq!(
            set(&[("a.toml", "规则")]).to_string(),
            "759b6ac23af4b0b4f5bf"
        );
    }

    #[test]
    fn what_is_no_set_is_refused_with_its_file() {
        let refused = |files: Vec<RuleFile>| Bundle::new(files).unwrap_err();
        assert_eq!(refused(vec![]), BundleError::Empty);
        assert_eq!(
            refused(vec![file("schedules/a.toml", "")]),
            BundleError::Empty
        );
        assert_eq!(refused(vec![file("a.toml", "")]), BundleError::NoSchedule);
        for bad in [
            "a.txt",
            "../a.toml",
            "A.toml",
            ".toml",
            "a/b.toml",
            "schedules/../a.toml",
            "schedules/",
            "规则.toml",
        ] {
            assert_eq!(refused(vec![file(bad, "")]), BundleError::Name, "{bad}");
        }
        let twice = vec![
            file("a.toml", ""),
            file("schedules/b.toml", ""),
            file("a.toml", "x"),
        ];
        assert_eq!(refused(twice), BundleError::Twice("a.toml".to_owned()));
        let long = "x".repeat(LONGEST_FILE + 1);
        let refused = refused(vec![file("a.toml", &long)]);
        assert!(matches!(&refused, BundleError::TooLong(name) if name == "a.toml"));
        assert!(refused.zh().contains("a.toml"));
    }
}
