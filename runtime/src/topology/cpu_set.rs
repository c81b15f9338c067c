//! [`CpuSet`]: which CPUs.

#![forbid(unsafe_code)]

use std::fmt;

#[cfg(test)]
mod tests;

const WORD_BITS: usize = u64::BITS as usize;

/// A set of CPU numbers, in ascending order.
///
/// Numbers may have gaps and may be larger than 1,023. Sets compare by their members: equal sets
/// hash equally, and the order is that of their members in sequence (`0-1` is less than `0,2`,
/// which is less than `1`).
///
/// The text form, both ways, is the kernel's list format: `0-3,8`; `0-31:2/8` selects the first 2
/// of every 8 CPUs of the range. The kernel's hexadecimal masks are read by
/// [`CpuSet::from_mask_str`].
///
/// # Examples
///
/// ```
/// use fastwake::topology::CpuSet;
///
/// let set: CpuSet = "0-3,8".parse()?;
/// assert_eq!(set.iter().collect::<Vec<_>>(), [0, 1, 2, 3, 8]);
/// assert!(set.contains(8));
/// assert_eq!(set.to_string(), "0-3,8");
/// # Ok::<(), fastwake::topology::ParseCpuSetError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct CpuSet {
    /// Bit `b` of word `w` stands for CPU `w * 64 + b`. The last word is never zero, so that the
    /// derived equality and hash are those of the members.
    words: Vec<u64>,
}

impl CpuSet {
    /// CPU numbers are below this bound.
    ///
    /// The largest machine that Linux can be configured for today has 8,192 CPUs. The bound keeps a
    /// damaged file such as `0-999999999999` from being taken for a machine.
    ///
    /// # Examples
    ///
    /// ```
    /// # use fastwake::topology::CpuSet;
    /// let last = CpuSet::MAX_CPUS - 1;
    /// assert!(last.to_string().parse::<CpuSet>().is_ok());
    /// assert!("0-999999999999".parse::<CpuSet>().is_err());
    /// ```
    pub const MAX_CPUS: usize = 16_384;

    /// Makes an empty set.
    ///
    /// # Examples
    ///
    /// ```
    /// # use fastwake::topology::CpuSet;
    /// assert!(CpuSet::new().is_empty());
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self { words: Vec::new() }
    }

    /// Adds `cpu`, and tells whether it was missing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use fastwake::topology::CpuSet;
    /// let mut set = CpuSet::new();
    /// assert!(set.insert(5));
    /// assert!(!set.insert(5));
    /// ```
    ///
    /// # Panics
    ///
    /// If `cpu` is not below [`CpuSet::MAX_CPUS`].
    #[track_caller]
    pub fn insert(&mut self, cpu: usize) -> bool {
        assert!(
            cpu < Self::MAX_CPUS,
            "CPU number {cpu} is out of range: it must be below {}",
            Self::MAX_CPUS
        );
        let (word, bit) = place(cpu);
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        let missing = self.words[word] & bit == 0;
        self.words[word] |= bit;
        missing
    }

    /// Takes `cpu` out, and tells whether it was there.
    ///
    /// # Examples
    ///
    /// ```
    /// # use fastwake::topology::CpuSet;
    /// let mut set: CpuSet = [1, 2].into_iter().collect();
    /// assert!(set.remove(2));
    /// assert!(!set.remove(7));
    /// ```
    pub fn remove(&mut self, cpu: usize) -> bool {
        let present = self.contains(cpu);
        if present {
            let (word, bit) = place(cpu);
            self.words[word] &= !bit;
            self.trim();
        }
        present
    }

    /// Whether `cpu` is in the set.
    ///
    /// # Examples
    ///
    /// ```
    /// # use fastwake::topology::CpuSet;
    /// let set: CpuSet = [1, 2].into_iter().collect();
    /// assert!(set.contains(2) && !set.contains(3));
    /// ```
    #[must_use]
    pub fn contains(&self, cpu: usize) -> bool {
        let (word, bit) = place(cpu);
        self.words.get(word).is_some_and(|w| w & bit != 0)
    }

    /// The number of CPUs in the set.
    ///
    /// # Examples
    ///
    /// ```
    /// # use fastwake::topology::CpuSet;
    /// assert_eq!("0-3,4000".parse::<CpuSet>().unwrap().len(), 5);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.iter().map(|w| w.count_ones() as usize).sum()
    }

    /// Whether there is no CPU in the set.
    ///
    /// # Examples
    ///
    /// ```
    /// # use fastwake::topology::CpuSet;
    /// assert!("".parse::<CpuSet>().unwrap().is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The smallest CPU number in the set.
    ///
    /// # Examples
    ///
    /// ```
    /// # use fastwake::topology::CpuSet;
    /// assert_eq!("4-7".parse::<CpuSet>().unwrap().first(), Some(4));
    /// ```
    #[must_use]
    pub fn first(&self) -> Option<usize> {
        self.iter().next()
    }

    /// The largest CPU number in the set.
    ///
    /// # Examples
    ///
    /// ```
    /// # use fastwake::topology::CpuSet;
    /// assert_eq!("4-7".parse::<CpuSet>().unwrap().last(), Some(7));
    /// ```
    #[must_use]
    pub fn last(&self) -> Option<usize> {
        let top = self.words.last()?;
        Some(self.words.len() * WORD_BITS - 1 - top.leading_zeros() as usize)
    }

    /// Goes through the CPU numbers in ascending order.
    ///
    /// # Examples
    ///
    /// ```
    /// # use fastwake::topology::CpuSet;
    /// let set: CpuSet = [9, 3].into_iter().collect();
    /// assert_eq!(set.iter().collect::<Vec<_>>(), [3, 9]);
    /// ```
    #[must_use]
    pub fn iter(&self) -> Iter<'_> {
        Iter {
            rest: &self.words,
            base: 0,
            word: 0,
        }
    }

    /// The CPUs that are in either set.
    ///
    /// # Examples
    ///
    /// ```
    /// # use fastwake::topology::CpuSet;
    /// let (a, b): (CpuSet, CpuSet) = ("0-1".parse()?, "1-2".parse()?);
    /// assert_eq!(a.union(&b).to_string(), "0-2");
    /// # Ok::<(), fastwake::topology::ParseCpuSetError>(())
    /// ```
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let (mut set, shorter) = if self.words.len() >= other.words.len() {
            (self.clone(), other)
        } else {
            (other.clone(), self)
        };
        for (word, more) in set.words.iter_mut().zip(&shorter.words) {
            *word |= more;
        }
        set
    }

    /// The CPUs that are in both sets.
    ///
    /// # Examples
    ///
    /// ```
    /// # use fastwake::topology::CpuSet;
    /// let (a, b): (CpuSet, CpuSet) = ("0-1".parse()?, "1-2".parse()?);
    /// assert_eq!(a.intersection(&b).to_string(), "1");
    /// # Ok::<(), fastwake::topology::ParseCpuSetError>(())
    /// ```
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let both = self.words.iter().zip(&other.words);
        let mut set = Self {
            words: both.map(|(a, b)| a & b).collect(),
        };
        set.trim();
        set
    }

    /// The CPUs of this set that are not in `other`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use fastwake::topology::CpuSet;
    /// let (a, b): (CpuSet, CpuSet) = ("0-1".parse()?, "1-2".parse()?);
    /// assert_eq!(a.difference(&b).to_string(), "0");
    /// # Ok::<(), fastwake::topology::ParseCpuSetError>(())
    /// ```
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let mut set = self.clone();
        for (word, less) in set.words.iter_mut().zip(&other.words) {
            *word &= !less;
        }
        set.trim();
        set
    }

    /// Whether every CPU of this set is in `other`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use fastwake::topology::CpuSet;
    /// let (a, b): (CpuSet, CpuSet) = ("1".parse()?, "0-2".parse()?);
    /// assert!(a.is_subset(&b) && !b.is_subset(&a));
    /// # Ok::<(), fastwake::topology::ParseCpuSetError>(())
    /// ```
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.words.len() <= other.words.len()
            && self
                .words
                .iter()
                .zip(&other.words)
                .all(|(a, b)| a & !b == 0)
    }

    /// Whether some CPU is in both sets.
    pub(crate) fn intersects(&self, other: &Self) -> bool {
        self.words.iter().zip(&other.words).any(|(a, b)| a & b != 0)
    }

    fn trim(&mut self) {
        while self.words.last() == Some(&0) {
            self.words.pop();
        }
    }
}

/// The word that `cpu` is in, and its bit there.
const fn place(cpu: usize) -> (usize, u64) {
    (cpu / WORD_BITS, 1 << (cpu % WORD_BITS))
}

/// The CPU numbers of a [`CpuSet`], ascending; made by [`CpuSet::iter`].
///
/// # Examples
///
/// ```
/// # use fastwake::topology::CpuSet;
/// let set: CpuSet = "1,4-6".parse()?;
/// let mut cpus = set.iter();
/// assert_eq!(cpus.next(), Some(1));
/// assert_eq!(cpus.collect::<Vec<_>>(), [4, 5, 6]);
/// # Ok::<(), fastwake::topology::ParseCpuSetError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    /// Words not begun yet.
    rest: &'a [u64],
    /// Number of the CPU after the last one of the word in hand.
    base: usize,
    /// What is left of the word in hand.
    word: u64,
}

impl Iterator for Iter<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        while self.word == 0 {
            let (&word, rest) = self.rest.split_first()?;
            self.word = word;
            self.rest = rest;
            self.base += WORD_BITS;
        }
        let bit = self.word.trailing_zeros() as usize;
        self.word &= self.word - 1;
        Some(self.base - WORD_BITS + bit)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let ones = |word: &u64| word.count_ones() as usize;
        let left = ones(&self.word) + self.rest.iter().map(ones).sum::<usize>();
        (left, Some(left))
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl std::iter::FusedIterator for Iter<'_> {}

impl<'a> IntoIterator for &'a CpuSet {
    type Item = usize;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// # Panics
///
/// If a number is not below [`CpuSet::MAX_CPUS`].
impl FromIterator<usize> for CpuSet {
    fn from_iter<I: IntoIterator<Item = usize>>(cpus: I) -> Self {
        let mut set = Self::new();
        set.extend(cpus);
        set
    }
}

/// # Panics
///
/// If a number is not below [`CpuSet::MAX_CPUS`].
impl Extend<usize> for CpuSet {
    fn extend<I: IntoIterator<Item = usize>>(&mut self, cpus: I) {
        for cpu in cpus {
            self.insert(cpu);
        }
    }
}

impl PartialOrd for CpuSet {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for CpuSet {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.iter().cmp(other)
    }
}

/// Writes the kernel's list format, with the shortest ranges: `0-3,8`.
impl fmt::Display for CpuSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut cpus = self.iter().peekable();
        let mut separator = "";
        while let Some(first) = cpus.next() {
            let mut last = first;
            while let Some(next) = cpus.next_if_eq(&(last + 1)) {
                last = next;
            }
            write!(f, "{separator}{first}")?;
            if last > first {
                write!(f, "-{last}")?;
            }
            separator = ",";
        }
        Ok(())
    }
}

impl fmt::Debug for CpuSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CpuSet({self})")
    }
}
