use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;

use crate::Entry;

fn assert_expands(entry: Entry, arguments: TokenStream, item: TokenStream, expected: TokenStream) {
    assert_eq!(
        entry.apply(arguments, item).to_string(),
        expected.to_string()
    );
}

/// The end of the expression for the runtime.
fn build(attribute: &str) -> TokenStream {
    build_with(attribute, quote!(.build()))
}

fn build_with(attribute: &str, call: TokenStream) -> TokenStream {
    let message = format!("{attribute} cannot build its runtime: {{}}");
    quote!(#call.unwrap_or_else(|error| ::std::panic!(#message, error)))
}

/// The statement that tells a body its type.
fn returns(output: TokenStream) -> TokenStream {
    quote! {
        if let ::core::option::Option::Some(value) = ::core::option::Option::None::<#output> {
            return (value,).0;
        };
    }
}

#[test]
fn main_runs_the_body_on_a_multi_thread_runtime() {
    let build = build("#[fastwake::main]");
    let returns = returns(quote!(Result<(), Error>));
    assert_expands(
        Entry::Main,
        quote!(),
        quote! {
            async fn main() -> Result<(), Error> {
                serve().await
            }
        },
        quote! {
            fn main() -> Result<(), Error> {
                let runtime = ::fastwake::runtime::Builder::new_multi_thread()
                    .enable_all()
                    #build;
                let body = async move {
                    #returns
                    serve().await
                };
                return runtime.block_on(body);
            }
        },
    );
}

#[test]
fn test_is_a_test_that_runs_the_body_behind_a_pointer() {
    let build = build("#[fastwake::test]");
    let returns = returns(quote!(()));
    assert_expands(
        Entry::Test,
        quote!(),
        quote! {
            #[should_panic]
            async fn fails() {
                panic!();
            }
        },
        quote! {
            #[should_panic]
            #[::core::prelude::v1::test]
            fn fails() {
                let runtime = ::fastwake::runtime::Builder::new_current_thread()
                    .enable_all()
                    #build;
                let body: ::core::pin::Pin<&mut dyn ::core::future::Future<Output = _>> =
                    ::core::pin::pin!(async move {
                        #returns
                        panic!();
                    });
                return runtime.block_on(body);
            }
        },
    );
}

#[test]
fn arguments_become_calls_of_the_builder_of_their_crate() {
    let build = build("#[fastwake::main]");
    let returns = returns(quote!(()));
    assert_expands(
        Entry::Main,
        quote! {
            name = "ingest",
            crate = "crate::engine",
            affinity_strict = true,
            affinity_scope = "cache_shard",
            worker_threads = 4
        },
        quote!(
            async fn main() {}
        ),
        quote! {
            fn main() {
                let runtime = crate::engine::runtime::Builder::new_multi_thread()
                    .enable_all()
                    .worker_threads(4usize)
                    .affinity_scope(crate::engine::topology::AffinityScope::CacheShard)
                    .affinity_strict(true)
                    .name("ingest")
                    #build;
                let body = async move { #returns };
                return runtime.block_on(body);
            }
        },
    );
}

#[test]
fn a_local_runtime_is_built_as_one_with_a_clock_that_may_stand_still() {
    let build = build_with(
        "#[fastwake::main]",
        quote!(.build_local(::fastwake::runtime::LocalOptions::default())),
    );
    let returns = returns(quote!(()));
    assert_expands(
        Entry::Main,
        quote!(start_paused = true, flavor = "local"),
        quote!(
            async fn main() {}
        ),
        quote! {
            fn main() {
                let runtime = ::fastwake::runtime::Builder::new_current_thread()
                    .enable_all()
                    .start_paused(true)
                    #build;
                let body = async move { #returns };
                return runtime.block_on(body);
            }
        },
    );
}

fn expansion(item: TokenStream) -> String {
    Entry::Main.apply(quote!(), item).to_string()
}

#[test]
fn a_body_that_never_returns_has_no_value() {
    let never = TokenTree::Group(Group::new(Delimiter::None, quote!(!)));
    for output in [quote!(!), quote!(#never)] {
        let text = expansion(quote!(async fn f() -> #output { loop {} }));
        assert!(
            text.contains(&returns(quote!(::core::convert::Infallible)).to_string()),
            "{text}"
        );
        assert!(
            text.contains(&quote!(match runtime.block_on(body) {}).to_string()),
            "{text}"
        );
    }
}

#[test]
fn a_body_of_opaque_type_is_not_told_it() {
    let invisible = TokenTree::Group(Group::new(Delimiter::None, quote!(impl Copy)));
    for output in [
        quote!(impl Copy),
        quote!(Result<(u8, impl Copy), E>),
        quote!(#invisible),
    ] {
        let text = expansion(quote!(async fn f() -> #output { 1 }));
        assert!(
            text.contains(&quote!(let body = async move { 1 };).to_string()),
            "{text}"
        );
    }
}

/// All beginnings of the tokens, also of those in the outermost brackets.
fn beginnings(tokens: &TokenStream) -> Vec<TokenStream> {
    let mut beginnings = vec![TokenStream::new()];
    let mut so_far = TokenStream::new();
    for token in tokens.clone() {
        if let TokenTree::Group(group) = &token {
            beginnings.extend(self::beginnings(&group.stream()).into_iter().map(|inside| {
                let group = Group::new(group.delimiter(), inside);
                quote!(#so_far #group)
            }));
        }
        so_far.extend([token]);
        beginnings.push(so_far.clone());
    }
    beginnings
}

#[test]
fn half_written_code_is_passed_on_without_a_panic() {
    let arguments = quote!(
        flavor = "multi_thread",
        worker_threads = 2,
        crate = ::a::b,
        name = "n",
    );
    let item = quote! {
        #[doc = "d"]
        pub(in crate::a) async unsafe extern "C" fn f<'a, T: Fn(u8) -> u8>(a: &'a T) -> [u8; { 1 }]
        where T: 'a { #![allow(x)] let a = b; ; ; c.d }
    };
    for entry in [Entry::Main, Entry::Test] {
        for arguments in beginnings(&arguments) {
            let tokens = entry.apply(arguments, item.clone()).to_string();
            assert!(tokens.contains("block_on"), "the body is lost: {tokens}");
        }
        for beginning in beginnings(&item) {
            let text = beginning.to_string();
            let tokens = entry.apply(arguments.clone(), beginning).to_string();
            let is_function = text.contains("async") && tokens.contains("block_on");
            assert_ne!(
                is_function,
                tokens.contains("compile_error"),
                "`{text}` gives `{tokens}`"
            );
            assert!(
                is_function || tokens.starts_with(&text),
                "`{text}` is lost in `{tokens}`"
            );
        }
    }
}

#[test]
fn errors_come_after_the_function_and_the_function_keeps_its_shape() {
    let item = quote!(
        async fn f() -> u8 {
            1
        }
    );
    let text = Entry::Main
        .apply(quote!(worker_threads = 0, threads = 1), item.clone())
        .to_string();
    let clean = Entry::Main.apply(quote!(), item).to_string();
    let errors = text.strip_prefix(&clean).expect("the function is the same");
    assert_eq!(errors.matches("compile_error").count(), 2, "{errors}");
}

#[test]
fn a_function_that_is_not_async_is_left_as_it_is() {
    let item = quote!(
        fn f() {}
    );
    let text = Entry::Test.apply(quote!(), item.clone()).to_string();
    assert!(text.starts_with(&item.to_string()), "{text}");
    assert_eq!(text.matches("compile_error").count(), 1, "{text}");
}

#[test]
fn a_second_test_attribute_is_an_error_and_makes_no_second_test() {
    let item = quote!(
        #[test]
        async fn f() {}
    );
    let text = Entry::Test.apply(quote!(), item.clone()).to_string();
    assert_eq!(
        text.matches(":: test]").count() + text.matches("[test]").count(),
        1,
        "{text}"
    );
    assert_eq!(text.matches("compile_error").count(), 1, "{text}");
    assert!(
        !Entry::Main
            .apply(quote!(), item)
            .to_string()
            .contains("compile_error")
    );
}
