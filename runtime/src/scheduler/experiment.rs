//! What the experiment of `docs/experiment.md` changes and measures: wake-ups that are issued inside
//! the injector's lock, as this scheduler never does, and how long that lock is held.
//!
//! Only builds with `--cfg fastwake_experiment` have it, and there it is switched on at run time, so
//! that what is compared is one program. In all others these are types without a size.

#[cfg(not(fastwake_experiment))]
pub(super) use off::{Early, Hold, Holds};
#[cfg(fastwake_experiment)]
pub(super) use on::{Early, Hold, Holds};
#[cfg(fastwake_experiment)]
pub use on::{cycles, lock_holds, measure_lock_holds, wake_inside_lock, wakes_inside_lock};

#[cfg(not(fastwake_experiment))]
mod off {
    use std::marker::PhantomData;

    use crate::scheduler::injector::Target;
    use crate::scheduler::kick::Deliver;

    /// A kick that has been sent when it was made; there are none.
    pub(in crate::scheduler) struct Early;

    impl Early {
        #[inline(always)]
        pub(in crate::scheduler) fn new(_pool: &dyn Deliver, _target: Target) -> Self {
            Self
        }

        #[inline(always)]
        pub(in crate::scheduler) fn is_done(&self) -> bool {
            false
        }
    }

    /// How long an injector's lock has been held; not measured.
    pub(in crate::scheduler) struct Holds;

    impl Holds {
        #[inline(always)]
        pub(in crate::scheduler) fn new() -> Self {
            Self
        }

        #[inline(always)]
        pub(in crate::scheduler) fn begin(&self) -> Hold<'_> {
            Hold(PhantomData)
        }
    }

    /// One locked section.
    pub(in crate::scheduler) struct Hold<'a>(PhantomData<&'a Holds>);
}

#[cfg(fastwake_experiment)]
mod on {
    use std::sync::atomic::Ordering::Relaxed;
    use std::sync::atomic::{AtomicBool, AtomicU64};
    use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

    use crate::metrics::Counter;
    use crate::primitives::as_if_unlocked;
    use crate::scheduler::injector::Target;
    use crate::scheduler::kick::Deliver;

    static WAKE_INSIDE_LOCK: AtomicBool = AtomicBool::new(false);
    static WAKES_INSIDE_LOCK: AtomicU64 = AtomicU64::new(0);
    static MEASURE: AtomicBool = AtomicBool::new(false);
    /// Those of all injectors that there have been.
    static ALL: Mutex<Vec<Arc<Histogram>>> = Mutex::new(Vec::new());

    /// From now on every pool of this process issues its wake-ups before it lets go of its lock, or
    /// after.
    pub fn wake_inside_lock(inside: bool) {
        WAKE_INSIDE_LOCK.store(inside, Relaxed);
    }

    /// How many wake-ups have been issued inside a lock.
    #[must_use]
    pub fn wakes_inside_lock() -> u64 {
        WAKES_INSIDE_LOCK.load(Relaxed)
    }

    /// From now on it is measured how long injectors' locks are held, or not. False: this machine has
    /// no cycle counter to do so.
    pub fn measure_lock_holds(measure: bool) -> bool {
        MEASURE.store(measure, Relaxed);
        cycles().is_some()
    }

    /// How long injectors' locks have been held: the least number of cycles that falls into a bucket,
    /// and how many locked sections did. A bucket is a sixteenth of a power of two wide; those that
    /// are empty are left out.
    #[must_use]
    pub fn lock_holds() -> Vec<(u64, u64)> {
        let all = all();
        (0..BUCKETS)
            .map(|bucket| {
                let count = all.iter().map(|holds| holds.0[bucket].get()).sum();
                (least_of(bucket), count)
            })
            .filter(|&(_, count)| count > 0)
            .collect()
    }

    fn all() -> MutexGuard<'static, Vec<Arc<Histogram>>> {
        ALL.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The processor's time stamp counter, which runs at one rate whatever the core's clock does.
    #[cfg(target_arch = "x86_64")]
    #[must_use]
    pub fn cycles() -> Option<u64> {
        // SAFETY: every x86-64 processor has the instruction.
        Some(unsafe { std::arch::x86_64::_rdtsc() })
    }

    /// The processor's time stamp counter; here there is none.
    #[cfg(not(target_arch = "x86_64"))]
    #[must_use]
    pub fn cycles() -> Option<u64> {
        None
    }

    /// A kick that has been sent when it was made.
    ///
    /// Only one that wakes: a thread is made after the lock in any case, for its maker takes the
    /// lock. A worker that is called for what another has taken to its local queue may come before
    /// it is there, and go back to sleep; the other one, which runs, has it.
    pub(in crate::scheduler) struct Early(bool);

    impl Early {
        /// Under the lock: picks are made there, and kicks of picks.
        pub(in crate::scheduler) fn new(pool: &dyn Deliver, target: Target) -> Self {
            let wakes = matches!(target, Target::Wake(_));
            if !wakes || !WAKE_INSIDE_LOCK.load(Relaxed) {
                return Self(false);
            }
            WAKES_INSIDE_LOCK.fetch_add(1, Relaxed);
            as_if_unlocked(|| pool.deliver(target));
            Self(true)
        }

        pub(in crate::scheduler) fn is_done(&self) -> bool {
            self.0
        }
    }

    /// How long an injector's lock has been held.
    pub(in crate::scheduler) struct Holds(Arc<Histogram>);

    impl Holds {
        pub(in crate::scheduler) fn new() -> Self {
            let histogram = Arc::new(Histogram::new());
            all().push(Arc::clone(&histogram));
            Self(histogram)
        }

        /// The lock has just been taken.
        pub(in crate::scheduler) fn begin(&self) -> Hold<'_> {
            let began = if MEASURE.load(Relaxed) {
                cycles()
            } else {
                None
            };
            Hold {
                histogram: &self.0,
                began,
            }
        }
    }

    /// One locked section; to be dropped just before the unlock.
    pub(in crate::scheduler) struct Hold<'a> {
        histogram: &'a Histogram,
        began: Option<u64>,
    }

    impl Drop for Hold<'_> {
        fn drop(&mut self) {
            if let Some((began, ended)) = self.began.zip(cycles()) {
                self.histogram.add(ended.saturating_sub(began));
            }
        }
    }

    /// Counts by length, logarithmically. Written by whoever holds the lock.
    struct Histogram(Box<[Counter]>);

    const SUB_BUCKETS: usize = 16;
    const SUB_BITS: u32 = SUB_BUCKETS.trailing_zeros();
    const BUCKETS: usize = (u64::BITS - SUB_BITS + 1) as usize * SUB_BUCKETS;

    impl Histogram {
        fn new() -> Self {
            Self((0..BUCKETS).map(|_| Counter::default()).collect())
        }

        fn add(&self, value: u64) {
            self.0[bucket_of(value)].increment();
        }
    }

    /// Below [`SUB_BUCKETS`] each value has its own.
    fn bucket_of(value: u64) -> usize {
        let shift = (u64::BITS - (value | 1).leading_zeros()).saturating_sub(SUB_BITS + 1);
        shift as usize * SUB_BUCKETS + (value >> shift) as usize
    }

    fn least_of(bucket: usize) -> u64 {
        let shift = (bucket / SUB_BUCKETS).saturating_sub(1);
        ((bucket - shift * SUB_BUCKETS) as u64) << shift
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn each_length_falls_into_the_bucket_whose_least_is_next_below_it() {
            for bucket in 0..BUCKETS {
                let least = least_of(bucket);
                assert_eq!(bucket_of(least), bucket);
                if bucket > 0 {
                    assert_eq!(bucket_of(least - 1), bucket - 1);
                }
            }
            assert_eq!(bucket_of(u64::MAX), BUCKETS - 1);
        }

        #[test]
        fn a_bucket_is_at_most_a_sixteenth_wide() {
            for bucket in 0..BUCKETS - 1 {
                let (least, next) = (least_of(bucket), least_of(bucket + 1));
                assert!(next - least <= 1.max(least / SUB_BUCKETS as u64), "{least}");
            }
        }
    }
}
