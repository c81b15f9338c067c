//! Attribute macros of the fastwake runtime.

#![forbid(unsafe_code)]

mod args;
mod expand;
mod function;
mod suggest;

use proc_macro::TokenStream;
use proc_macro2::TokenStream as TokenStream2;

use crate::args::Config;
use crate::function::Function;

/// Runs an `async fn` on a runtime.
#[proc_macro_attribute]
pub fn main(arguments: TokenStream, item: TokenStream) -> TokenStream {
    Entry::Main.apply(arguments.into(), item.into()).into()
}

/// Runs an `async fn` as a test.
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    Entry::Test.apply(arguments.into(), item.into()).into()
}

/// Which of the two attributes it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    Main,
    Test,
}

impl Entry {
    /// The attribute, as it is written without arguments.
    fn attribute(self) -> &'static str {
        match self {
            Self::Main => "#[fastwake::main]",
            Self::Test => "#[fastwake::test]",
        }
    }

    /// What the attribute makes of the item. In spite of errors it leaves an item as close to what was meant as it
    /// can, so that compiler and editor find what they look for, and say no more than what is wrong.
    fn apply(self, arguments: TokenStream2, item: TokenStream2) -> TokenStream2 {
        let (mut tokens, errors) = match syn::parse2(item.clone()) {
            Ok(function) => self.apply_to(function, arguments, item),
            Err(error) => (item, vec![error]),
        };
        tokens.extend(errors.into_iter().map(syn::Error::into_compile_error));
        tokens
    }

    fn apply_to(
        self,
        mut function: Function,
        arguments: TokenStream2,
        item: TokenStream2,
    ) -> (TokenStream2, Vec<syn::Error>) {
        let (config, mut errors) = Config::parse(self, arguments);
        errors.extend(function.check(self).err());
        if self == Self::Test {
            errors.extend(function.remove_test_attributes().iter().map(|second| {
                let message = format!(
                    "`{}` makes the function a test already: remove this attribute",
                    self.attribute()
                );
                syn::Error::new_spanned(second, message)
            }));
        }
        let tokens = if function.is_async() {
            expand::expand(self, &config, function)
        } else {
            item
        };
        (tokens, errors)
    }
}
