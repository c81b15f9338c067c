#![forbid(unsafe_code)]
//! The places of a wheel: which slot a deadline belongs to, and which slots are not empty.

/// Slots of the near level are one tick long, and so many that most timers start in it.
const NEAR_BITS: u32 = 12;
const NEAR: usize = 1 << NEAR_BITS;
const FAR_BITS: u32 = 6;
const FAR: usize = 1 << FAR_BITS;
/// Enough for every tick that fits into 54 bits.
const LEVELS: usize = 7;
const WORD: usize = u64::BITS as usize;

/// How many places there are.
pub(super) const PLACES: usize = NEAR + LEVELS * FAR;

/// The largest deadline that a wheel can tell from a later one.
pub(in crate::driver) const LAST_TICK: u64 = (1 << (NEAR_BITS + FAR_BITS * LEVELS as u32)) - 1;

/// A slot: the near ones first, then those of each far level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(u16);

/// By how many bits the number of a far slot lies above the ticks.
fn shift(level: usize) -> u32 {
    NEAR_BITS + FAR_BITS * level as u32
}

impl Place {
    fn far(level: usize, slot: usize) -> Self {
        Self((NEAR + level * FAR + slot) as u16)
    }

    /// Where a deadline belongs in a wheel that has been turned so far.
    pub(super) fn of(tick: u64, turned_to: u64) -> Self {
        // What is due lies in the slot of the present, in the near level.
        let tick = tick.max(turned_to);
        let highest = ((tick ^ turned_to) | 1).ilog2();
        let Some(above) = highest.checked_sub(NEAR_BITS) else {
            return Self((tick & (NEAR as u64 - 1)) as u16);
        };
        let level = (above / FAR_BITS) as usize;
        let slot = tick >> shift(level) & (FAR as u64 - 1);
        Self::far(level, slot as usize)
    }

    pub(super) fn index(self) -> usize {
        usize::from(self.0)
    }

    /// Its level and its number there, if it is a far one.
    fn in_far(self) -> Option<(usize, usize)> {
        let far = self.index().checked_sub(NEAR)?;
        Some((far / FAR, far % FAR))
    }
}

/// Which places hold something.
pub(super) struct Occupied {
    /// One bit for each word of `near` that is not zero.
    words: u64,
    near: [u64; NEAR / WORD],
    far: [u64; LEVELS],
    /// Of each far slot, the earliest deadline since it was last empty.
    earliest: [[u64; FAR]; LEVELS],
}

impl Occupied {
    pub(super) fn new() -> Self {
        Self {
            words: 0,
            near: [0; NEAR / WORD],
            far: [0; LEVELS],
            earliest: [[u64::MAX; FAR]; LEVELS],
        }
    }

    pub(super) fn insert(&mut self, place: Place, tick: u64) {
        match place.in_far() {
            Some((level, slot)) => {
                self.far[level] |= 1 << slot;
                let earliest = &mut self.earliest[level][slot];
                *earliest = tick.min(*earliest);
            }
            None => {
                let word = place.index() / WORD;
                self.words |= 1 << word;
                self.near[word] |= 1 << (place.index() % WORD);
            }
        }
    }

    pub(super) fn remove(&mut self, place: Place) {
        match place.in_far() {
            Some((level, slot)) => {
                self.far[level] &= !(1 << slot);
                self.earliest[level][slot] = u64::MAX;
            }
            None => {
                let word = place.index() / WORD;
                self.near[word] &= !(1 << (place.index() % WORD));
                if self.near[word] == 0 {
                    self.words &= !(1 << word);
                }
            }
        }
    }

    /// The earliest deadline of all.
    pub(super) fn next(&self, turned_to: u64) -> Option<u64> {
        let earliest = |place: Place| {
            let (level, slot) = place.in_far()?;
            Some(self.earliest[level][slot])
        };
        let near = self.first_near(turned_to).map(|(tick, _)| tick);
        let far = || {
            self.first_far(turned_to)
                .and_then(|(_, place)| earliest(place))
        };
        let next = near.or_else(far);
        // What is being brought down lies beside what comes first otherwise.
        let coming = self.coming_down(turned_to).and_then(earliest);
        [next, coming].into_iter().flatten().min()
    }

    /// The first near slot that holds something, and its tick.
    pub(super) fn first_near(&self, turned_to: u64) -> Option<(u64, Place)> {
        if self.words == 0 {
            return None;
        }
        let word = self.words.trailing_zeros() as usize;
        let slot = word * WORD + self.near[word].trailing_zeros() as usize;
        let tick = turned_to >> NEAR_BITS << NEAR_BITS | slot as u64;
        Some((tick, Place(slot as u16)))
    }

    /// The first slot of the lowest far level that holds something, and its first tick.
    pub(super) fn first_far(&self, turned_to: u64) -> Option<(u64, Place)> {
        let level = self.far.iter().position(|&slots| slots != 0)?;
        let slot = self.far[level].trailing_zeros() as usize;
        let above = turned_to >> shift(level) >> FAR_BITS << FAR_BITS;
        let begin = (above | slot as u64) << shift(level);
        Some((begin, Place::far(level, slot)))
    }

    /// A far slot that the wheel has been turned to, and that still holds something: it is being
    /// brought down.
    pub(super) fn coming_down(&self, turned_to: u64) -> Option<Place> {
        let is_begun = |level: &usize| self.far[*level] >> self.digit(*level, turned_to) & 1 == 1;
        let level = (0..LEVELS).find(is_begun)?;
        Some(Place::far(level, self.digit(level, turned_to)))
    }

    fn digit(&self, level: usize, turned_to: u64) -> usize {
        (turned_to >> shift(level) & (FAR as u64 - 1)) as usize
    }
}
