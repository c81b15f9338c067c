//! How much of the heap is in use.

/// Bytes that are allocated just now, with what the allocator adds to each. 0 where the allocator is
/// none that can be asked (other than glibc's).
#[must_use]
pub fn in_use() -> usize {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // SAFETY: it takes nothing and may be called from any thread.
        let info = unsafe { libc::mallinfo2() };
        info.uordblks + info.hblkhd
    }
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    0
}

#[cfg(all(test, target_os = "linux", target_env = "gnu"))]
mod tests {
    #[test]
    fn what_is_allocated_counts_on_any_thread() {
        let before = super::in_use();
        let kept: Vec<_> = (0..1_000).map(|_| Box::new([1_u8; 10_000])).collect();
        let after = std::thread::spawn(super::in_use).join().unwrap();
        // Others tests free meanwhile, but not that much.
        assert!(after > before + 5_000_000, "{before}, then {after}");
        drop(kept);
    }
}
