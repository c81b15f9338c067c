#![forbid(unsafe_code)]
//! Values that belong to a task, as thread-locals belong to a thread.

use std::cell::RefCell;
use std::future::Future;
use std::marker::PhantomPinned;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread::LocalKey as ThreadLocalKey;
use std::{error, fmt, mem};

use pin_project_lite::pin_project;

/// Declares task-local keys, each a `static` of the type [`task::LocalKey`](crate::task::LocalKey).
///
/// # Examples
///
/// ```
/// fastwake::task_local! {
///     /// The request that the task serves.
///     pub static REQUEST: u32;
///     static USER: String;
/// }
///
/// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
/// REQUEST.scope(7, async {
///     assert_eq!(REQUEST.get(), 7);
///     assert!(USER.try_with(|_| ()).is_err());
/// }).await;
/// # });
/// ```
#[macro_export]
macro_rules! task_local {
    () => {};
    ($(#[$attr:meta])* $vis:vis static $name:ident: $t:ty; $($rest:tt)*) => {
        $crate::__task_local_key!($(#[$attr])* $vis $name, $t);
        $crate::task_local!($($rest)*);
    };
    ($(#[$attr:meta])* $vis:vis static $name:ident: $t:ty) => {
        $crate::__task_local_key!($(#[$attr])* $vis $name, $t);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __task_local_key {
    ($(#[$attr:meta])* $vis:vis $name:ident, $t:ty) => {
        $(#[$attr])*
        $vis static $name: $crate::task::LocalKey<$t> = {
            ::std::thread_local! {
                static KEY: ::std::cell::RefCell<::std::option::Option<$t>> =
                    const { ::std::cell::RefCell::new(::std::option::Option::None) };
            }
            $crate::task::LocalKey::__new(&KEY)
        };
    };
}

/// A key for a value of a task, declared by [`task_local!`](crate::task_local).
///
/// [`scope`](Self::scope) sets the value for a future; while that future is polled, and nowhere
/// else, the key has it. Tasks that it spawns do not inherit it.
///
/// # Examples
///
/// ```
/// fastwake::task_local! {
///     static REQUEST: u64;
/// }
///
/// /// Somewhere far from where the request came in.
/// async fn line(text: &str) -> String {
///     format!("request {}: {text}", REQUEST.get())
/// }
///
/// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
/// assert_eq!(REQUEST.scope(7, line("accepted")).await, "request 7: accepted");
/// # });
/// ```
pub struct LocalKey<T: 'static> {
    slot: &'static ThreadLocalKey<RefCell<Option<T>>>,
}

impl<T> LocalKey<T> {
    #[doc(hidden)]
    #[must_use]
    pub const fn __new(slot: &'static ThreadLocalKey<RefCell<Option<T>>>) -> Self {
        Self { slot }
    }

    /// Gives the key a value for as long as `future` runs. A value that is set already is hidden
    /// meanwhile.
    ///
    /// # Cancel safety
    ///
    /// As that of `future`, which is dropped with the value set.
    ///
    /// # Panics
    ///
    /// Polling the future that this returns panics while the key's value is borrowed by
    /// [`with`](Self::with), and once it has been ready.
    ///
    /// # Examples
    ///
    /// ```
    /// fastwake::task_local! { static DEPTH: u32; }
    ///
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let inner = DEPTH.scope(1, async { DEPTH.scope(2, async { DEPTH.get() }).await }).await;
    /// assert_eq!(inner, 2);
    /// # });
    /// ```
    pub fn scope<F: Future>(&'static self, value: T, future: F) -> TaskLocalFuture<T, F> {
        TaskLocalFuture {
            key: self,
            value: Some(value),
            future: Some(future),
            _pinned: PhantomPinned,
        }
    }

    /// Gives the key a value for as long as `f` runs.
    ///
    /// # Panics
    ///
    /// While the key's value is borrowed by [`with`](Self::with).
    ///
    /// # Examples
    ///
    /// ```
    /// fastwake::task_local! { static DEPTH: u32; }
    ///
    /// let sum = DEPTH.sync_scope(1, || {
    ///     let inner = DEPTH.sync_scope(2, || DEPTH.get());
    ///     inner + DEPTH.get()
    /// });
    /// assert_eq!(sum, 3);
    /// ```
    #[track_caller]
    pub fn sync_scope<F, R>(&'static self, value: T, f: F) -> R
    where
        F: FnOnce() -> R,
    {
        let mut value = Some(value);
        let Some(_set) = Set::new(self, &mut value) else {
            panic!("{BORROWED}");
        };
        f()
    }

    /// Gives `f` the value.
    ///
    /// # Panics
    ///
    /// Outside a [`scope`](Self::scope); see [`try_with`](Self::try_with).
    ///
    /// # Examples
    ///
    /// ```
    /// fastwake::task_local! { static USER: String; }
    ///
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let greeting = async { USER.with(|user| format!("hello, {user}")) };
    /// assert_eq!(USER.scope("Ada".to_owned(), greeting).await, "hello, Ada");
    /// # });
    /// ```
    #[track_caller]
    pub fn with<F, R>(&'static self, f: F) -> R
    where
        F: FnOnce(&T) -> R,
    {
        match self.try_with(f) {
            Ok(result) => result,
            Err(error) => panic!("{error}"),
        }
    }

    /// Gives `f` the value.
    ///
    /// # Errors
    ///
    /// Outside a [`scope`](Self::scope), and on a thread that is being torn down.
    ///
    /// # Examples
    ///
    /// ```
    /// fastwake::task_local! { static USER: String; }
    ///
    /// fn greeting() -> String {
    ///     let known = USER.try_with(|user| format!("hello, {user}"));
    ///     known.unwrap_or_else(|_| "hello, stranger".to_owned())
    /// }
    ///
    /// assert_eq!(greeting(), "hello, stranger");
    /// assert_eq!(USER.sync_scope("Ada".to_owned(), greeting), "hello, Ada");
    /// ```
    pub fn try_with<F, R>(&'static self, f: F) -> Result<R, AccessError>
    where
        F: FnOnce(&T) -> R,
    {
        let result = self.slot.try_with(|slot| slot.borrow().as_ref().map(f));
        result.ok().flatten().ok_or(AccessError(()))
    }

    /// A copy of the value.
    ///
    /// # Panics
    ///
    /// As [`with`](Self::with).
    ///
    /// # Examples
    ///
    /// ```
    /// fastwake::task_local! { static TENANT: u32; }
    ///
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let task = fastwake::spawn(TENANT.scope(3, async { TENANT.get() }));
    /// assert_eq!(task.await.unwrap(), 3);
    /// # });
    /// ```
    #[track_caller]
    pub fn get(&'static self) -> T
    where
        T: Clone,
    {
        self.with(T::clone)
    }

    /// A copy of the value.
    ///
    /// # Errors
    ///
    /// As [`try_with`](Self::try_with).
    ///
    /// # Examples
    ///
    /// ```
    /// fastwake::task_local! { static TENANT: u32; }
    ///
    /// assert!(TENANT.try_get().is_err());
    /// assert_eq!(TENANT.sync_scope(3, || TENANT.try_get()), Ok(3));
    /// ```
    pub fn try_get(&'static self) -> Result<T, AccessError>
    where
        T: Clone,
    {
        self.try_with(T::clone)
    }

    /// Exchanges the value with that of a scope. False: it is borrowed.
    fn swap(&self, value: &mut Option<T>) -> bool {
        let swapped = self.slot.try_with(|slot| {
            let slot = slot.try_borrow_mut();
            slot.map(|mut slot| mem::swap(&mut *slot, value)).is_ok()
        });
        // In a torn-down thread nobody could read it; what runs there runs without.
        swapped.unwrap_or(true)
    }
}

const BORROWED: &str = "a task-local scope cannot be entered while its value is borrowed by `with`";

/// The value is set; dropping this takes it back.
struct Set<'a, T: 'static>(&'static LocalKey<T>, &'a mut Option<T>);

impl<'a, T> Set<'a, T> {
    /// `None` if the value is borrowed.
    fn new(key: &'static LocalKey<T>, value: &'a mut Option<T>) -> Option<Self> {
        if key.swap(value) {
            Some(Self(key, value))
        } else {
            None
        }
    }
}

impl<T> Drop for Set<'_, T> {
    fn drop(&mut self) {
        self.0.swap(self.1);
    }
}

pin_project! {
    /// A future with a task-local value; see [`LocalKey::scope`].
    ///
    /// # Examples
    ///
    /// ```
    /// use fastwake::task::futures::TaskLocalFuture;
    ///
    /// fastwake::task_local! { static REQUEST: u32; }
    ///
    /// /// Serves a request, and says which it was.
    /// fn in_request<F: Future>(request: u32, serve: F) -> TaskLocalFuture<u32, F> {
    ///     REQUEST.scope(request, serve)
    /// }
    ///
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// assert_eq!(in_request(7, async { REQUEST.get() }).await, 7);
    /// # });
    /// ```
    pub struct TaskLocalFuture<T: 'static, F> {
        key: &'static LocalKey<T>,
        value: Option<T>,
        #[pin]
        future: Option<F>,
        // As in tokio: what is generic over the future is to pin it.
        #[pin]
        _pinned: PhantomPinned,
    }

    impl<T: 'static, F> PinnedDrop for TaskLocalFuture<T, F> {
        fn drop(this: Pin<&mut Self>) {
            // The future's destructor sees the value, as its polls did.
            let this = this.project();
            let mut future = this.future;
            if future.is_some() {
                // Without it, if it is borrowed: a destructor is not to panic.
                let _set = Set::new(this.key, this.value);
                future.set(None);
            }
        }
    }
}

impl<T, F> TaskLocalFuture<T, F> {
    /// Takes the value out, also if the future is not done: then it goes on without.
    ///
    /// # Examples
    ///
    /// ```
    /// fastwake::task_local! { static LOG: String; }
    ///
    /// # fastwake::runtime::Runtime::new().unwrap().block_on(async {
    /// let mut future = Box::pin(LOG.scope("kept".to_owned(), async {}));
    /// future.as_mut().await;
    /// assert_eq!(future.as_mut().take_value().as_deref(), Some("kept"));
    /// assert_eq!(future.as_mut().take_value(), None);
    /// # });
    /// ```
    pub fn take_value(self: Pin<&mut Self>) -> Option<T> {
        self.project().value.take()
    }
}

impl<T, F: Future> Future for TaskLocalFuture<T, F> {
    type Output = F::Output;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let mut future = this.future;
        let Some(_set) = Set::new(this.key, this.value) else {
            panic!("{BORROWED}");
        };
        let Some(running) = future.as_mut().as_pin_mut() else {
            panic!("`TaskLocalFuture` polled after completion");
        };
        let polled = running.poll(context);
        if polled.is_ready() {
            future.set(None);
        }
        polled
    }
}

impl<T: 'static, F> fmt::Debug for TaskLocalFuture<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskLocalFuture").finish_non_exhaustive()
    }
}

impl<T: 'static> fmt::Debug for LocalKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKey").finish_non_exhaustive()
    }
}

/// A task-local value was asked for where it is not set.
///
/// # Examples
///
/// ```
/// use fastwake::task::AccessError;
///
/// fastwake::task_local! { static USER: String; }
///
/// fn greeting() -> Result<String, AccessError> {
///     Ok(format!("hello, {}", USER.try_get()?))
/// }
///
/// assert!(greeting().unwrap_err().to_string().contains("outside of its `scope`"));
/// assert_eq!(USER.sync_scope("Ada".to_owned(), greeting)?, "hello, Ada");
/// # Ok::<(), AccessError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessError(());

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the task-local value is not set here: this runs outside of its `scope`")
    }
}

impl error::Error for AccessError {}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::pin::pin;
    use std::task::Waker;

    use super::*;

    task_local! {
        static NUMBER: u32;
        static TEXT: String
    }

    fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_value_is_set_while_its_future_is_polled_and_only_then() {
        let mut first = true;
        let mut future = pin!(NUMBER.scope(
            1,
            poll_fn(|_| match mem::replace(&mut first, false) {
                true => Poll::Pending,
                false => Poll::Ready(NUMBER.get()),
            }),
        ));
        assert!(poll(future.as_mut()).is_pending());
        assert_eq!(NUMBER.try_with(|_| ()), Err(AccessError(())));
        assert_eq!(poll(future), Poll::Ready(1));
        assert!(NUMBER.try_with(|_| ()).is_err());
    }

    #[test]
    fn scopes_nest_and_a_panic_restores_the_outer_value() {
        NUMBER.sync_scope(1, || {
            let panicked = catch_unwind(AssertUnwindSafe(|| {
                NUMBER.sync_scope(2, || panic!("in the inner scope, on purpose"));
            }));
            assert!(panicked.is_err());
            assert_eq!(NUMBER.get(), 1);
            TEXT.sync_scope("a".into(), || {
                assert_eq!((NUMBER.get(), TEXT.get()), (1, "a".into()))
            });
        });
        assert!(NUMBER.try_with(|_| ()).is_err());
    }

    #[test]
    fn a_scope_in_a_borrow_panics_when_it_is_entered_and_not_when_it_is_dropped() {
        NUMBER.sync_scope(1, || {
            NUMBER.with(|_| drop(NUMBER.scope(2, async {})));
            let entered = catch_unwind(|| NUMBER.with(|_| NUMBER.sync_scope(2, || ())));
            assert!(entered.is_err());
            let unwound = catch_unwind(|| {
                NUMBER.with(|_| {
                    let _inner = NUMBER.scope(2, async {});
                    panic!("on purpose");
                });
            });
            assert!(unwound.is_err());
            assert_eq!(NUMBER.get(), 1);
        });
    }

    #[test]
    fn a_future_that_is_dropped_sees_its_value() {
        struct Check(u32);
        impl Drop for Check {
            fn drop(&mut self) {
                assert_eq!(NUMBER.get(), self.0);
            }
        }
        let check = Check(5);
        drop(NUMBER.scope(5, async move {
            let _check = check;
        }));
        assert!(NUMBER.try_with(|_| ()).is_err());
    }
}
