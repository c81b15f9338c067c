//! Contents that can be sent to another thread, without a copy if they already are.

use std::any::TypeId;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;

/// The bytes of a value that may borrow.
pub(super) struct Owned(Vec<u8>);

impl AsRef<[u8]> for Owned {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Owned {
    pub(super) fn from<B: AsRef<[u8]>>(bytes: B) -> Self {
        let bytes = match same::<B, Vec<u8>>(bytes) {
            Ok(bytes) => return Self(bytes),
            Err(other) => other,
        };
        match same::<B, String>(bytes) {
            Ok(text) => Self(text.into_bytes()),
            Err(other) => Self(other.as_ref().to_vec()),
        }
    }
}

/// Gives the type's identity, lifetimes apart.
trait Identity {
    fn identity(&self) -> TypeId
    where
        Self: 'static;
}

impl<T> Identity for PhantomData<T> {
    fn identity(&self) -> TypeId
    where
        Self: 'static,
    {
        TypeId::of::<T>()
    }
}

/// The value as what it is, if it is a `B`.
fn same<A, B: 'static>(value: A) -> Result<B, A> {
    let marker = PhantomData::<A>;
    let marker: &dyn Identity = &marker;
    // SAFETY: only the lifetimes that `A` may have are extended, of a marker that borrows nothing.
    // The one method called reads no memory, and an identity does not depend on lifetimes.
    let marker: &(dyn Identity + 'static) = unsafe { std::mem::transmute(marker) };
    if marker.identity() != TypeId::of::<B>() {
        return Err(value);
    }
    let value = ManuallyDrop::new(value);
    // SAFETY: `A` is `B`: their identities are equal, and `B`, being `'static`, has no lifetimes in
    // which the two could differ. The original is not used again.
    Ok(unsafe { std::mem::transmute_copy::<ManuallyDrop<A>, B>(&value) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_and_strings_are_not_copied() {
        let vector = vec![1, 2, 3];
        let at = vector.as_ptr();
        assert_eq!(Owned::from(vector).0.as_ptr(), at);
        let text = "text".to_owned();
        let at = text.as_ptr();
        let owned = Owned::from(text);
        assert_eq!(owned.0, b"text");
        assert_eq!(owned.0.as_ptr(), at);
    }

    #[test]
    fn everything_else_is() {
        let text = "text".to_owned();
        assert_eq!(Owned::from(&text).0, b"text");
        assert_eq!(Owned::from(text.as_str()).0, b"text");
        assert_eq!(Owned::from(text.as_bytes()).0, b"text");
        assert_eq!(Owned::from([1, 2]).0, [1, 2]);
        assert_eq!(Owned::from(Box::<[u8]>::from([1, 2])).0, [1, 2]);
        assert_eq!(
            Owned::from(std::borrow::Cow::Borrowed(&b"text"[..])).0,
            b"text"
        );
        assert_eq!(text, "text");
    }
}
