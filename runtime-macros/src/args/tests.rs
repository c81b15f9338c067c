use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use super::{Config, Flavor, NAMES, Scope, list};
use crate::Entry;

/// The configuration for arguments that must be right.
fn accepted(entry: Entry, arguments: TokenStream) -> Config {
    let text = arguments.to_string();
    let (config, errors) = Config::parse(entry, arguments);
    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert!(errors.is_empty(), "`{text}` is refused: {errors:?}");
    config
}

/// What is said about arguments that must be wrong.
fn refused(entry: Entry, arguments: TokenStream) -> Vec<String> {
    let text = arguments.to_string();
    let (_, errors) = Config::parse(entry, arguments);
    assert!(!errors.is_empty(), "`{text}` is accepted");
    errors.iter().map(ToString::to_string).collect()
}

fn crate_path(arguments: TokenStream) -> String {
    accepted(Entry::Main, arguments)
        .crate_path
        .into_token_stream()
        .to_string()
}

#[test]
fn without_arguments_all_is_left_to_the_runtime_but_the_flavor() {
    for (entry, flavor) in [
        (Entry::Main, Flavor::MultiThread),
        (Entry::Test, Flavor::CurrentThread),
    ] {
        let config = accepted(entry, quote!());
        assert_eq!(config.flavor, flavor);
        assert_eq!(config.worker_threads, None);
        assert_eq!(config.affinity_scope, None);
        assert_eq!(config.affinity_strict, None);
        assert_eq!(config.start_paused, None);
        assert!(config.name.is_none());
        assert!(config.crate_path.is_none());
    }
}

#[test]
fn every_argument_is_read_in_any_order_and_with_a_comma_at_the_end() {
    let config = accepted(
        Entry::Test,
        quote! {
            name = "ingest",
            affinity_strict = true,
            crate = "a::b",
            worker_threads = 7,
            affinity_scope = "numa",
            flavor = "multi_thread",
        },
    );
    assert_eq!(config.flavor, Flavor::MultiThread);
    assert_eq!(config.worker_threads, Some(7));
    assert_eq!(
        config.affinity_scope.map(|scope| scope.variant),
        Some("Numa")
    );
    assert_eq!(config.affinity_strict, Some(true));
    assert_eq!(
        config.name.map(|name| name.value()).as_deref(),
        Some("ingest")
    );
    assert_eq!(config.crate_path.into_token_stream().to_string(), "a :: b");
}

#[test]
fn flavors_and_scopes_are_known_by_their_names() {
    for flavor in Flavor::ALL {
        let name = flavor.name();
        assert_eq!(accepted(Entry::Main, quote!(flavor = #name)).flavor, flavor);
    }
    for scope in Scope::ALL {
        let name = scope.name;
        let config = accepted(Entry::Main, quote!(affinity_scope = #name));
        assert_eq!(config.affinity_scope, Some(scope));
    }
}

#[test]
fn worker_threads_are_counted_in_any_notation() {
    let count = |arguments| accepted(Entry::Main, arguments).worker_threads;
    assert_eq!(count(quote!(worker_threads = 1)), Some(1));
    assert_eq!(count(quote!(worker_threads = 1_000)), Some(1_000));
    assert_eq!(count(quote!(worker_threads = 0x10)), Some(16));
    assert_eq!(count(quote!(worker_threads = 3usize)), Some(3));
    let most = usize::MAX;
    assert_eq!(count(quote!(worker_threads = #most)), Some(most));
}

#[test]
fn the_crate_is_a_string_or_a_path() {
    assert_eq!(crate_path(quote!(crate = "fastwake")), "fastwake");
    assert_eq!(
        crate_path(quote!(crate = "::other::fastwake")),
        ":: other :: fastwake"
    );
    assert_eq!(
        crate_path(quote!(crate = ::other::fastwake)),
        ":: other :: fastwake"
    );
    assert_eq!(crate_path(quote!(crate = crate::engine)), "crate :: engine");
    assert_eq!(crate_path(quote!(crate = self)), "self");
}

#[test]
fn a_count_out_of_bounds_is_refused_with_the_bound() {
    let message = |arguments| refused(Entry::Main, arguments).concat();
    assert!(message(quote!(worker_threads = 0)).contains("at least 1"));
    assert!(message(quote!(worker_threads = -3)).contains("`worker_threads = -3`"));
    let too_many = "340282366920938463463374607431768211456".parse::<TokenStream>();
    let too_many = too_many.expect("it is a literal, if a long one");
    assert!(message(quote!(worker_threads = #too_many)).contains("up to `usize::MAX`"));
}

#[test]
fn a_value_of_the_wrong_kind_is_refused_with_the_right_one() {
    for name in NAMES {
        let ident: TokenStream = name.parse().expect("all names are words");
        for value in [
            quote!(1.5),
            quote!([]),
            quote!("a" "b"),
            quote!(1 + 1),
            quote!(),
        ] {
            let message = refused(Entry::Main, quote!(#ident = #value)).concat();
            assert!(
                message.starts_with(&format!("`{name}` takes ")),
                "{message}"
            );
            assert!(
                message.contains(&format!("`{name} = ")),
                "no example: {message}"
            );
        }
        assert!(
            refused(Entry::Main, ident)
                .concat()
                .starts_with(&format!("`{name}` takes "))
        );
    }
}

#[test]
fn unknown_names_lead_to_the_right_one() {
    let cases = [
        (quote!(threaded_scheduler), "flavor = \"multi_thread\""),
        (quote!(multi_thread), "flavor = \"multi_thread\""),
        (quote!(basic_scheduler), "flavor = \"current_thread\""),
        (
            quote!(single_threaded = true),
            "flavor = \"current_thread\"",
        ),
        (quote!(flavour = "multi_thread"), "`flavor`"),
        (quote!(core_threads = 1), "`worker_threads`"),
        (quote!(max_threads = 1), "`worker_threads`"),
        (quote!(threads = 1), "`worker_threads`"),
        (quote!(worker_theads = 1), "`worker_threads`"),
        (quote!(affinity = "numa"), "`affinity_scope`"),
        (quote!(affinity_strickt = true), "`affinity_strict`"),
        (quote!(strict = true), "`affinity_strict`"),
        (quote!(thread_name = "a"), "`name`"),
        (quote!(krate = "a"), "`crate`"),
        (quote!(start_pause = true), "`start_paused`"),
        (
            quote!(unhandled_panic = "ignore"),
            "`unhandled_panic` is not supported yet",
        ),
        (quote!(local), "flavor = \"local\""),
        (quote!(flavor = "locale"), "did you mean `local`?"),
        (quote!(flavor = "threaded_scheduler"), "`multi_thread`"),
        (quote!(affinity_scope = "NUMA"), "did you mean `numa`?"),
    ];
    for (arguments, remedy) in cases {
        let text = arguments.to_string();
        let message = refused(Entry::Main, arguments).concat();
        assert!(message.contains(remedy), "`{text}`: {message}");
    }
}

#[test]
fn names_like_none_lead_to_all() {
    let message = refused(Entry::Main, quote!(stack_size = 1)).concat();
    for name in NAMES {
        assert!(message.contains(&format!("`{name}`")), "{message}");
    }
    let message = refused(Entry::Main, quote!(affinity_scope = "socket")).concat();
    for scope in Scope::ALL {
        assert!(message.contains(&format!("`{}`", scope.name)), "{message}");
    }
}

#[test]
fn workers_are_refused_to_the_current_thread_once_for_each_argument() {
    let workers = quote!(
        worker_threads = 2,
        affinity_scope = "cpu",
        affinity_strict = false
    );
    let by_default = refused(Entry::Test, workers.clone());
    assert_eq!(by_default.len(), 3);
    assert!(
        by_default[0].contains("`#[fastwake::test]`"),
        "{}",
        by_default[0]
    );
    let by_choice = refused(Entry::Main, quote!(flavor = "current_thread", #workers));
    assert_eq!(by_choice.len(), 3);
    for (message, name) in by_choice.iter().zip(&NAMES[1..4]) {
        assert!(message.starts_with(&format!("`{name}`")), "{message}");
        assert!(message.contains("flavor = \"multi_thread\""), "{message}");
    }
    let local = refused(Entry::Main, quote!(flavor = "local", #workers));
    assert_eq!(local.len(), 3);
    assert!(local[0].contains("the `local` flavor runs"), "{}", local[0]);
    accepted(
        Entry::Test,
        quote!(flavor = "current_thread", name = "alone", crate = "a"),
    );
}

#[test]
fn a_stopped_clock_is_refused_to_workers() {
    let by_default = refused(Entry::Main, quote!(start_paused = true)).concat();
    assert!(by_default.contains("`#[fastwake::main]`"), "{by_default}");
    let by_choice = refused(
        Entry::Test,
        quote!(flavor = "multi_thread", start_paused = false),
    )
    .concat();
    assert!(
        by_choice.contains("flavor = \"current_thread\""),
        "{by_choice}"
    );
    for flavor in ["current_thread", "local"] {
        let config = accepted(Entry::Main, quote!(start_paused = true, flavor = #flavor));
        assert_eq!(config.start_paused, Some(true));
    }
    let config = accepted(Entry::Test, quote!(start_paused = false));
    assert_eq!(config.start_paused, Some(false));
}

#[test]
fn every_mistake_is_reported_and_the_rest_is_kept() {
    let (config, errors) = Config::parse(
        Entry::Main,
        quote!(
            worker_threads = 0,
            name = "kept",
            threads = 1,
            name = "again",
            crate = "a b"
        ),
    );
    assert_eq!(errors.len(), 4);
    assert_eq!(config.worker_threads, None);
    assert_eq!(
        config.name.map(|name| name.value()).as_deref(),
        Some("kept")
    );
}

#[test]
fn a_flavor_not_understood_says_nothing_about_the_other_arguments() {
    let errors = refused(Entry::Test, quote!(flavor = "multi", worker_threads = 2));
    assert_eq!(errors.len(), 1);
}

#[test]
fn a_name_with_a_nul_is_refused() {
    assert!(
        refused(Entry::Main, quote!(name = "a\0b"))
            .concat()
            .contains("NUL")
    );
}

#[test]
fn lists_read_as_prose() {
    assert_eq!(list(&[]), "");
    assert_eq!(list(&["a"]), "`a`");
    assert_eq!(list(&["a", "b"]), "`a` and `b`");
    assert_eq!(list(&["a", "b", "c"]), "`a`, `b` and `c`");
}
