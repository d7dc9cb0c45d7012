//! Growth of one child against two standards, which are never mixed in one statement.
//!
//! - [`who`]: WHO Child Growth Standards 2006 and Reference 2007, z-scores
//! - [`wst423`]: WS/T 423-2022, levels and classes
//! - [`individual`]: both for one set of measurements at one age
//! - [`course`]: measurements of one child over time
//! - [`chart`]: the same as a drawing over a standard's lines

pub mod age;
pub mod chart;
pub mod class;
pub mod course;
pub mod individual;
pub mod lms;
pub mod slip;
pub mod stature;
mod table;
pub mod who;
pub mod wst423;

pub use table::TableError;

use crate::domain::text_code::text_codes;

text_codes! {
    /// The five indicators both standards know.
    Indicator {
        WeightForAge = "WEIGHT_FOR_AGE",
        LengthHeightForAge = "LENGTH_HEIGHT_FOR_AGE",
        WeightForLengthHeight = "WEIGHT_FOR_LENGTH_HEIGHT",
        BmiForAge = "BMI_FOR_AGE",
        HeadCircumferenceForAge = "HEAD_CIRCUMFERENCE_FOR_AGE",
    }
}

impl Indicator {
    /// How many there are.
    pub const COUNT: usize = Indicator::ALL.len();

    pub(crate) fn index(self) -> usize {
        self as usize
    }
}

/// Both standards' reference values, loaded once and handed around.
#[derive(Debug)]
pub struct Tables {
    pub who: who::Standards,
    pub wst423: wst423::Standard,
}

impl Tables {
    /// Reads the tables that ship inside the program.
    ///
    /// # Errors
    /// [`TableError`] with file and line if a shipped table is damaged.
    pub fn load() -> Result<Tables, TableError> {
        Ok(Tables {
            who: who::Standards::load()?,
            wst423: wst423::Standard::load()?,
        })
    }
}
