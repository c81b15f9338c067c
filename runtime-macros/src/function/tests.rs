use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;

use super::Function;
use crate::Entry;

fn parse(item: TokenStream) -> Function {
    syn::parse2(item).expect("it is a function")
}

fn refused(entry: Entry, item: TokenStream) -> String {
    parse(item)
        .check(entry)
        .expect_err("it is a wrong one")
        .to_string()
}

fn invisible(tokens: TokenStream) -> TokenTree {
    TokenTree::Group(Group::new(Delimiter::None, tokens))
}

#[test]
fn only_the_async_is_taken_away() {
    let function = parse(quote! {
        /// Documented.
        #[inline]
        pub(crate) const async unsafe extern "C" fn r#fn<'a, T: Fn(u8) -> u8, const N: usize>(
            self: Box<Self>,
            (a, mut b): (&'a T, [u8; N]),
        ) -> Result<Vec<[u8; { N + 1 }]>, impl Fn() -> u8>
        where
            T: 'a,
            [u8; { 2 }]: Sized,
        {
            let where_from = a < b && c > d;
            macro_of_mine!(not -> Rust { where }) ;
        }
    });
    let body = function.body.clone();
    let sync = quote! {
        /// Documented.
        #[inline]
        #[last]
        pub(crate) const unsafe extern "C" fn r#fn<'a, T: Fn(u8) -> u8, const N: usize>(
            self: Box<Self>,
            (a, mut b): (&'a T, [u8; N]),
        ) -> Result<Vec<[u8; { N + 1 }]>, impl Fn() -> u8>
        where
            T: 'a,
            [u8; { 2 }]: Sized,
        {
            let where_from = a < b && c > d;
            macro_of_mine!(not -> Rust { where }) ;
        }
    };
    assert_eq!(
        function.into_sync(Some(quote!(#[last])), body).to_string(),
        sync.to_string()
    );
}

#[test]
fn the_type_ends_where_the_clause_begins() {
    let output = |item| parse(item).output.map(|output| output.to_string());
    assert_eq!(
        output(quote!(
            async fn f() {}
        )),
        None
    );
    assert_eq!(
        output(quote!(
            async fn f()
            where
                u8: Copy,
            {
            }
        )),
        None
    );
    assert_eq!(
        output(quote!(
            async fn f() -> () {}
        ))
        .as_deref(),
        Some("()")
    );
    assert_eq!(
        output(quote!(
            async fn f() -> ! {}
        ))
        .as_deref(),
        Some("!")
    );
    assert_eq!(
        output(quote!(
            async fn f<T>() -> T
            where
                T: Copy,
            {
            }
        ))
        .as_deref(),
        Some("T")
    );
}

#[test]
fn inner_attributes_become_the_last_outer_ones() {
    let function = parse(quote! {
        #[outer]
        async fn f() {
            #![inner(1)]
            #![inner(2)]
            body();
        }
    });
    let body = function.body.clone();
    let sync = quote! {
        #[outer]
        #[inner(1)]
        #[inner(2)]
        fn f() { body(); }
    };
    assert_eq!(function.into_sync(None, body).to_string(), sync.to_string());
}

#[test]
fn the_body_may_come_from_a_macro() {
    let body = invisible(invisible(quote!({ body() })).into());
    let function = parse(quote!(async fn f() #body));
    assert_eq!(function.body.to_string(), quote!({ body() }).to_string());
}

#[test]
fn what_is_not_a_function_with_a_body_is_refused() {
    let items = [
        quote!(),
        quote!(
            struct S;
        ),
        quote!(
            async fn f();
        ),
        quote!(async fn f() -> u8),
        quote!(async fn f {}),
        quote!(async {}),
        quote!(
            pub const N: usize = 1;
        ),
        quote!(
            impl S {
                async fn f() {}
            }
        ),
    ];
    for item in items {
        let text = item.to_string();
        assert!(
            syn::parse2::<Function>(item).is_err(),
            "`{text}` is accepted"
        );
    }
}

#[test]
fn main_takes_no_arguments_and_other_functions_do() {
    let main = quote!(
        async fn main(a: u8) {}
    );
    assert!(refused(Entry::Main, main.clone()).contains("takes no arguments"));
    assert!(parse(main).check(Entry::Test).is_ok());
    assert!(
        parse(quote!(
            async fn main() {}
        ))
        .check(Entry::Main)
        .is_ok()
    );
    assert!(
        parse(quote!(
            async fn other(a: u8) {}
        ))
        .check(Entry::Main)
        .is_ok()
    );
}

#[test]
fn a_function_that_is_not_async_is_refused_in_the_name_of_the_attribute() {
    assert!(
        refused(
            Entry::Main,
            quote!(
                fn f() {}
            )
        )
        .contains("`#[fastwake::main]`")
    );
    assert!(
        refused(
            Entry::Test,
            quote!(
                fn f() {}
            )
        )
        .contains("`#[fastwake::test]`")
    );
}

#[test]
fn the_test_attribute_is_found_under_each_of_its_names_and_no_other() {
    let mut function = parse(quote! {
        #[test]
        #[ignore]
        #[::core::prelude::v1::test]
        #[std::prelude::rust_2024::test]
        #[other::test]
        #[fastwake::test(flavor = "multi_thread")]
        #[test_case(1)]
        async fn f() {}
    });
    assert_eq!(function.remove_test_attributes().len(), 4);
    let left: Vec<String> = function
        .attributes
        .iter()
        .map(|attribute| quote!(#attribute).to_string())
        .collect();
    let kept = [
        quote!(#[ignore]),
        quote!(#[other::test]),
        quote!(#[test_case(1)]),
    ];
    assert_eq!(left, kept.map(|attribute| attribute.to_string()));
}
