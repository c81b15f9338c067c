//! How much memory the process has.

/// Bytes of memory that the process has from the system, once what the allocator keeps for later has
/// been given back. 0 where the system does not say.
#[must_use]
pub fn resident() -> usize {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it takes a number and may be called from any thread.
    unsafe {
        libc::malloc_trim(0);
    }
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0) * page_size()
}

fn page_size() -> usize {
    // SAFETY: it takes a number and may be called from any thread.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).unwrap_or(4_096)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #[test]
    fn what_is_used_counts_on_any_thread() {
        let before = super::resident();
        let kept: Vec<_> = (0..10_000).map(|_| Box::new([1_u8; 10_000])).collect();
        let after = std::thread::spawn(super::resident).join().unwrap();
        // Other tests free memory meanwhile, but not that much.
        assert!(after > before + 50_000_000, "{before}, then {after}");
        drop(kept);
    }
}
