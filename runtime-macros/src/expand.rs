//! The function that takes the place of the asynchronous one.

#![forbid(unsafe_code)]

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};

use crate::Entry;
use crate::args::{Config, Flavor};
use crate::function::Function;

/// Makes of an `async fn` the synchronous one that runs its body on a runtime of its own.
///
/// Names bound here are invisible to the body, and the other way round: they have the span of the
/// macro.
pub(crate) fn expand(entry: Entry, config: &Config, function: Function) -> TokenStream {
    let output = Output::of(&function);
    let mixed = Span::mixed_site();

    let build = build_runtime(entry, config);
    let future = async_block(&output, &function);
    let body = match entry {
        Entry::Main => quote_spanned!(mixed=> let body = #future;),
        // Behind a pointer, so that `block_on`, generic over the future, is compiled once for all
        // tests of a crate, and so that a large future is not moved.
        Entry::Test => quote_spanned! {mixed=>
            let body: ::core::pin::Pin<&mut dyn ::core::future::Future<Output = _>> =
                ::core::pin::pin!(#future);
        },
    };
    let run = match output {
        // `return` in full, for crates that deny `clippy::implicit_return`.
        Output::Named(_) => quote_spanned!(mixed=> return runtime.block_on(body);),
        Output::Never => quote_spanned!(mixed=> match runtime.block_on(body) {}),
        // What is wrong with a value of this kind is found here, so it is shown at the statement
        // that it comes from.
        Output::Opaque => {
            let (start, end) = function.last_statement();
            let mut run = quote_spanned!(start.resolved_at(mixed)=> runtime);
            run.extend(quote_spanned!(end.resolved_at(mixed)=> .block_on(body)));
            run
        }
    };
    let statements = quote_spanned! {mixed=>
        let runtime = #build;
        #body
        #run
    };
    let mut block = Group::new(Delimiter::Brace, statements);
    block.set_span(function.body.span());
    // Last, for attributes that stand between ours and the function to find it there.
    let test = (entry == Entry::Test).then(|| quote!(#[::core::prelude::v1::test]));
    function.into_sync(test, block)
}

/// The return type, as far as it can be named inside the body.
enum Output {
    Named(TokenStream),
    /// `!`, which is no type for a variable.
    Never,
    /// It has an `impl Trait` in it: its name is known to rustc alone.
    Opaque,
}

impl Output {
    fn of(function: &Function) -> Self {
        match &function.output {
            None => Self::Named(quote!(())),
            Some(tokens) if is_never(tokens) => Self::Never,
            Some(tokens) if has_impl(tokens) => Self::Opaque,
            Some(tokens) => Self::Named(tokens.clone()),
        }
    }
}

fn is_never(output: &TokenStream) -> bool {
    let mut tokens = output.clone().into_iter();
    let is_never = match tokens.next() {
        Some(TokenTree::Punct(punct)) => punct.as_char() == '!',
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::None => {
            is_never(&group.stream())
        }
        _ => false,
    };
    is_never && tokens.next().is_none()
}

fn has_impl(output: &TokenStream) -> bool {
    output.clone().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "impl",
        TokenTree::Group(group) => has_impl(&group.stream()),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// The body as a future which, like that of an `async fn`, owns what it uses of the arguments.
fn async_block(output: &Output, function: &Function) -> TokenStream {
    let mixed = Span::mixed_site();
    let mut statements = match output {
        Output::Named(output) => expect_type(output, function),
        Output::Never => expect_type(
            &quote_spanned!(mixed=> ::core::convert::Infallible),
            function,
        ),
        Output::Opaque => TokenStream::new(),
    };
    statements.extend(function.body.stream());
    let mut block = Group::new(Delimiter::Brace, statements);
    block.set_span(function.body.span());
    quote_spanned!(mixed=> async move #block)
}

/// Tells an `async` block its type, for which it has no place, by a `return` that is never reached.
///
/// From then on the block is checked as the body of a function is: its values coerce, `?` converts,
/// and a wrong value is found where it is. What rustc says about the reason for its expectation
/// points at the type of the function. The `return` hangs on a condition that no lint sees through,
/// because an `allow` would be an error in crates that forbid the lint.
fn expect_type(output: &TokenStream, function: &Function) -> TokenStream {
    let mixed = Span::mixed_site();
    let (start, end) = function.output_span();
    // The value itself, in tokens enough to reach from start to end.
    let mut value = quote_spanned!(start.resolved_at(mixed)=> (value,));
    value.extend(quote_spanned!(end.resolved_at(mixed)=> .0));
    quote_spanned! {mixed=>
        if let ::core::option::Option::Some(value) = ::core::option::Option::None::<#output> {
            return #value;
        };
    }
}

/// An expression for the runtime, which panics with the reason if there can be none.
fn build_runtime(entry: Entry, config: &Config) -> TokenStream {
    let mixed = Span::mixed_site();
    let root = match &config.crate_path {
        Some(path) => path.to_token_stream(),
        None => quote_spanned!(mixed=> ::fastwake),
    };
    let constructor = match config.flavor {
        Flavor::CurrentThread | Flavor::Local => quote_spanned!(mixed=> new_current_thread),
        Flavor::MultiThread => quote_spanned!(mixed=> new_multi_thread),
    };
    let worker_threads = config
        .worker_threads
        .map(|count| quote_spanned!(mixed=> .worker_threads(#count)));
    let affinity_scope = config.affinity_scope.map(|scope| {
        let variant = Ident::new(scope.variant, mixed);
        quote_spanned!(mixed=> .affinity_scope(#root::topology::AffinityScope::#variant))
    });
    let affinity_strict = config
        .affinity_strict
        .map(|strict| quote_spanned!(mixed=> .affinity_strict(#strict)));
    let name = config
        .name
        .as_ref()
        .map(|name| quote_spanned!(mixed=> .name(#name)));
    let start_paused = config
        .start_paused
        .map(|paused| quote_spanned!(mixed=> .start_paused(#paused)));
    let build = match config.flavor {
        Flavor::CurrentThread | Flavor::MultiThread => quote_spanned!(mixed=> .build()),
        Flavor::Local => {
            quote_spanned!(mixed=> .build_local(#root::runtime::LocalOptions::default()))
        }
    };
    let message = format!("{} cannot build its runtime: {{}}", entry.attribute());
    quote_spanned! {mixed=>
        #root::runtime::Builder::#constructor()
            .enable_all()
            #worker_threads
            #affinity_scope
            #affinity_strict
            #start_paused
            #name
            #build
            .unwrap_or_else(|error| ::std::panic!(#message, error))
    }
}

#[cfg(test)]
mod tests;
