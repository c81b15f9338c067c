//! The kernel's two text forms of a CPU set: lists (`0-3,8`) and hexadecimal masks (`1,0000000f`).

#![forbid(unsafe_code)]

use std::fmt;
use std::str::FromStr;

use super::CpuSet;

#[cfg(test)]
mod tests;

/// The text is not a set of CPUs.
///
/// The message quotes the part that cannot be read, and says what is expected there.
///
/// # Examples
///
/// ```
/// use fastwake::topology::CpuSet;
///
/// let error = "0-3,x".parse::<CpuSet>().unwrap_err();
/// assert!(error.to_string().contains("\"x\""));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseCpuSetError {
    /// The part that cannot be read, shortened if it is long.
    part: String,
    problem: Problem,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Problem {
    NotANumber,
    OutOfRange,
    Backwards,
    Stride,
    NotHexadecimal,
    LongMaskWord,
}

impl ParseCpuSetError {
    fn new(part: &str, problem: Problem) -> Self {
        const SHOWN: usize = 40;
        let mut shown: String = part.chars().take(SHOWN).collect();
        if shown.len() < part.len() {
            shown.push('…');
        }
        Self {
            part: shown,
            problem,
        }
    }
}

impl fmt::Display for ParseCpuSetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = &self.part;
        match self.problem {
            Problem::NotANumber => write!(
                f,
                "{part:?} is not a CPU number: write numbers and ranges separated by commas, such \
                 as 0-3,8"
            ),
            Problem::OutOfRange => write!(
                f,
                "CPU number out of range in {part:?}: the largest is {}",
                CpuSet::MAX_CPUS - 1
            ),
            Problem::Backwards => write!(
                f,
                "the range {part:?} runs backwards: write its smaller number first"
            ),
            Problem::Stride => write!(
                f,
                "the stride in {part:?} selects nothing or too much: after the colon write \
                 USED/GROUP with 1 <= USED <= GROUP, such as 0-31:2/8"
            ),
            Problem::NotHexadecimal => write!(
                f,
                "{part:?} is not a hexadecimal number: write a mask such as ff or 1,0000000f"
            ),
            Problem::LongMaskWord => write!(
                f,
                "the mask word {part:?} is too long: between commas there are at most 8 \
                 hexadecimal digits"
            ),
        }
    }
}

impl std::error::Error for ParseCpuSetError {}

/// Reads the kernel's list format: numbers and ranges separated by commas, a range with an optional
/// stride. Space around an item is ignored, and empty text is the empty set.
///
/// # Errors
///
/// Whatever is not such a list, also a CPU number that is not below [`CpuSet::MAX_CPUS`].
impl FromStr for CpuSet {
    type Err = ParseCpuSetError;

    fn from_str(text: &str) -> Result<Self, ParseCpuSetError> {
        let mut set = Self::new();
        if text.trim().is_empty() {
            return Ok(set);
        }
        for item in text.split(',') {
            add_item(&mut set, item.trim())?;
        }
        Ok(set)
    }
}

/// Adds one item of a list: `5`, `0-3` or `0-31:2/8`.
fn add_item(set: &mut CpuSet, item: &str) -> Result<(), ParseCpuSetError> {
    let Some((first, rest)) = item.split_once('-') else {
        set.insert(cpu_number(item)?);
        return Ok(());
    };
    let (last, stride) = match rest.split_once(':') {
        Some((last, stride)) => (last, Some(stride)),
        None => (rest, None),
    };
    if first.is_empty() || last.is_empty() {
        return Err(ParseCpuSetError::new(item, Problem::NotANumber));
    }
    let (first, last) = (cpu_number(first)?, cpu_number(last)?);
    if first > last {
        return Err(ParseCpuSetError::new(item, Problem::Backwards));
    }
    let (used, group) = match stride {
        Some(stride) => {
            read_stride(stride).ok_or_else(|| ParseCpuSetError::new(item, Problem::Stride))?
        }
        None => (1, 1),
    };
    set.extend((first..=last).filter(|cpu| (cpu - first) % group < used));
    Ok(())
}

fn cpu_number(text: &str) -> Result<usize, ParseCpuSetError> {
    if !is_digits(text) {
        return Err(ParseCpuSetError::new(text, Problem::NotANumber));
    }
    match text.parse() {
        Ok(cpu) if cpu < CpuSet::MAX_CPUS => Ok(cpu),
        _ => Err(ParseCpuSetError::new(text, Problem::OutOfRange)),
    }
}

fn read_stride(text: &str) -> Option<(usize, usize)> {
    let (used, group) = text.split_once('/')?;
    if !is_digits(used) || !is_digits(group) {
        return None;
    }
    let (used, group) = (used.parse().ok()?, group.parse().ok()?);
    (1 <= used && used <= group).then_some((used, group))
}

/// Whether `text` is a plain decimal number. The standard parser alone would accept a sign, too.
pub(super) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

impl CpuSet {
    /// Reads the kernel's mask format: hexadecimal words of 32 CPUs, the highest first, separated
    /// by commas.
    ///
    /// A mask of a single word may have any length, and may begin with `0x`. Empty text is the
    /// empty set.
    ///
    /// # Examples
    ///
    /// ```
    /// # use fastwake::topology::CpuSet;
    /// let set = CpuSet::from_mask_str("1,0000000f")?;
    /// assert_eq!(set.to_string(), "0-3,32");
    /// # Ok::<(), fastwake::topology::ParseCpuSetError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Whatever is not such a mask, also one with a CPU that is not below [`CpuSet::MAX_CPUS`].
    pub fn from_mask_str(text: &str) -> Result<Self, ParseCpuSetError> {
        const WORD_DIGITS: usize = 8;
        let text = text.trim();
        let mut set = Self::new();
        if text.is_empty() {
            return Ok(set);
        }
        let text = text.strip_prefix("0x").unwrap_or(text);
        let one_word = !text.contains(',');
        let mut base = 0;
        for word in text.rsplit(',') {
            if word.is_empty() || !word.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(ParseCpuSetError::new(word, Problem::NotHexadecimal));
            }
            if word.len() > WORD_DIGITS && !one_word {
                return Err(ParseCpuSetError::new(word, Problem::LongMaskWord));
            }
            add_mask_word(&mut set, base, word)?;
            base += WORD_DIGITS * 4;
        }
        Ok(set)
    }
}

/// Adds the CPUs of `word`, a hexadecimal number whose lowest bit stands for CPU `base`.
fn add_mask_word(set: &mut CpuSet, base: usize, word: &str) -> Result<(), ParseCpuSetError> {
    for (position, digit) in word.chars().rev().enumerate() {
        let bits = digit.to_digit(16).unwrap_or_default();
        for bit in (0..4).filter(|bit| bits & (1 << bit) != 0) {
            let cpu = base + position * 4 + bit;
            if cpu >= CpuSet::MAX_CPUS {
                return Err(ParseCpuSetError::new(word, Problem::OutOfRange));
            }
            set.insert(cpu);
        }
    }
    Ok(())
}
