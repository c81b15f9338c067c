//! The arguments of the attributes: `name = value` pairs, checked and made a [`Config`].

#![forbid(unsafe_code)]

use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Error, Ident, LitBool, LitInt, LitStr, Path, Result, Token};

use crate::Entry;
use crate::suggest::nearest;

const NAMES: [&str; 7] = [
    "flavor",
    "worker_threads",
    "affinity_scope",
    "affinity_strict",
    "start_paused",
    "name",
    "crate",
];

/// What is missing so far, with what to do meanwhile.
const NOT_YET: [(&str, &str); 1] = [(
    "unhandled_panic",
    "a panic stays in the `JoinHandle` of its task, so leave it out",
)];

/// The scheduler that the attribute asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavor {
    CurrentThread,
    /// As `CurrentThread`, and tasks need not be `Send`.
    Local,
    MultiThread,
}

impl Flavor {
    const ALL: [Self; 3] = [Self::MultiThread, Self::CurrentThread, Self::Local];

    fn name(self) -> &'static str {
        match self {
            Self::CurrentThread => "current_thread",
            Self::Local => "local",
            Self::MultiThread => "multi_thread",
        }
    }

    /// The flavor meant by a name that other versions of other runtimes use.
    fn from_other_name(name: &str) -> Option<Self> {
        match name {
            "threaded_scheduler" | "multi_threaded" | "threadpool" | "thread_pool" => {
                Some(Self::MultiThread)
            }
            "basic_scheduler" | "single_thread" | "single_threaded" => Some(Self::CurrentThread),
            _ => None,
        }
    }

    fn default_of(entry: Entry) -> Self {
        match entry {
            Entry::Main => Self::MultiThread,
            Entry::Test => Self::CurrentThread,
        }
    }
}

/// An affinity scope: its name in the attribute, and that of its variant of `AffinityScope`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    name: &'static str,
    pub(crate) variant: &'static str,
}

impl Scope {
    const ALL: [Self; 6] = [
        Self::new("cpu", "Cpu"),
        Self::new("smt", "Smt"),
        Self::new("cache_shard", "CacheShard"),
        Self::new("cache", "Cache"),
        Self::new("numa", "Numa"),
        Self::new("system", "System"),
    ];

    const fn new(name: &'static str, variant: &'static str) -> Self {
        Self { name, variant }
    }
}

/// What to build the runtime of; `None` leaves a setting to the runtime.
pub(crate) struct Config {
    pub(crate) flavor: Flavor,
    pub(crate) worker_threads: Option<usize>,
    pub(crate) affinity_scope: Option<Scope>,
    pub(crate) affinity_strict: Option<bool>,
    pub(crate) start_paused: Option<bool>,
    pub(crate) name: Option<LitStr>,
    /// Where the runtime crate is; `None` for `::fastwake`.
    pub(crate) crate_path: Option<Path>,
}

impl Config {
    /// Reads the arguments of `entry`: what could be understood of them, and all that is wrong with
    /// the rest.
    ///
    /// The first serves to expand the function even so, for the sake of the errors and hints inside
    /// of its body.
    pub(crate) fn parse(entry: Entry, tokens: TokenStream) -> (Self, Vec<Error>) {
        let mut config = Self {
            flavor: Flavor::default_of(entry),
            worker_threads: None,
            affinity_scope: None,
            affinity_strict: None,
            start_paused: None,
            name: None,
            crate_path: None,
        };
        let arguments = match Punctuated::<Argument, Token![,]>::parse_terminated.parse2(tokens) {
            Ok(arguments) => arguments,
            Err(error) => return (config, vec![error]),
        };
        let arguments: Vec<Argument> = arguments.into_iter().collect();
        let mut errors = Vec::new();
        for (i, argument) in arguments.iter().enumerate() {
            let result = if arguments[..i]
                .iter()
                .any(|earlier| earlier.name == argument.name)
            {
                let message = format!("`{}` is given twice: keep one", argument.name);
                Err(Error::new_spanned(&argument.name, message))
            } else {
                config.set(argument)
            };
            errors.extend(result.err());
        }
        // Only if all is right so far: a flavor that was not understood says nothing about the rest.
        if errors.is_empty() {
            errors.extend(config.refuse_other_flavors_settings(entry, &arguments));
        }
        if config.flavor == Flavor::MultiThread {
            // Refused, and not for the compiler to complain of a second time: without the runtime
            // crate's feature there is no such method.
            config.start_paused = None;
        }
        (config, errors)
    }

    fn set(&mut self, argument: &Argument) -> Result<()> {
        match argument.name.to_string().as_str() {
            "flavor" => self.flavor = parse_flavor(argument)?,
            "worker_threads" => self.worker_threads = Some(parse_worker_threads(argument)?),
            "affinity_scope" => self.affinity_scope = Some(parse_scope(argument)?),
            "affinity_strict" => {
                self.affinity_strict = Some(parse_bool(argument, "affinity_strict = true")?);
            }
            "start_paused" => {
                self.start_paused = Some(parse_bool(argument, "start_paused = true")?);
            }
            "name" => self.name = Some(parse_name(argument)?),
            "crate" => self.crate_path = Some(parse_crate(argument)?),
            _ => return Err(unknown_name(&argument.name)),
        }
        Ok(())
    }

    /// One error for each argument that the flavor has no use for.
    fn refuse_other_flavors_settings(&self, entry: Entry, arguments: &[Argument]) -> Vec<Error> {
        let is_given = arguments.iter().any(|argument| argument.name == "flavor");
        let refuse = |argument: &Argument| {
            let name = argument.name.to_string();
            let message = match (self.flavor, name.as_str()) {
                (Flavor::MultiThread, "start_paused") => multi_thread_clock(entry, is_given),
                (
                    Flavor::CurrentThread | Flavor::Local,
                    "worker_threads" | "affinity_scope" | "affinity_strict",
                ) => self.no_workers(entry, is_given, &name),
                _ => return None,
            };
            Some(Error::new_spanned(&argument.name, message))
        };
        arguments.iter().filter_map(refuse).collect()
    }

    fn no_workers(&self, entry: Entry, is_given: bool, name: &str) -> String {
        let why = if is_given {
            let flavor = self.flavor.name();
            format!("the `{flavor}` flavor runs every task on the calling thread")
        } else {
            let attribute = entry.attribute();
            format!("`{attribute}` runs every task on the calling thread unless told otherwise")
        };
        format!(
            "`{name}` is about worker threads, and {why}: \
             set `flavor = \"multi_thread\"`, or remove `{name}`"
        )
    }
}

fn multi_thread_clock(entry: Entry, is_given: bool) -> String {
    let why = if is_given {
        "that of the `multi_thread` flavor always runs".to_owned()
    } else {
        let attribute = entry.attribute();
        format!(
            "`{attribute}` has the `multi_thread` flavor, whose clock always runs, unless told otherwise"
        )
    };
    format!(
        "`start_paused` stops a clock, and {why}: set `flavor = \"current_thread\"`, or remove \
         `start_paused`"
    )
}

/// `name = value`, where the value is all up to the next comma: the name decides what it must be.
struct Argument {
    name: Ident,
    value: TokenStream,
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let syntax = |_| {
            let names = list(&NAMES);
            input.error(format!(
                "arguments are written `name = value`, with a name among {names}"
            ))
        };
        let name = Ident::parse_any(input).map_err(syntax)?;
        let mut value = TokenStream::new();
        if !input.is_empty() && !input.peek(Token![,]) {
            input.parse::<Token![=]>().map_err(syntax)?;
        }
        while !input.is_empty() && !input.peek(Token![,]) {
            value.extend([input.parse::<TokenTree>()?]);
        }
        Ok(Self { name, value })
    }
}

impl Argument {
    /// The value as a `T`, which for users is `what`, as in `example`.
    fn value<T: Parse>(&self, what: &str, example: &str) -> Result<T> {
        syn::parse2(self.value.clone())
            .map_err(|_| self.refuse(format!("`{}` takes {what}, as in `{example}`", self.name)))
    }

    /// An error that points at the value, or at the name of an argument without one.
    fn refuse(&self, message: String) -> Error {
        if self.value.is_empty() {
            Error::new_spanned(&self.name, message)
        } else {
            Error::new_spanned(&self.value, message)
        }
    }
}

fn parse_flavor(argument: &Argument) -> Result<Flavor> {
    let literal: LitStr = argument.value("a string", "flavor = \"multi_thread\"")?;
    let given = literal.value();
    if let Some(flavor) = Flavor::ALL
        .into_iter()
        .find(|flavor| flavor.name() == given)
    {
        return Ok(flavor);
    }
    let names = Flavor::ALL.map(Flavor::name);
    let meant = Flavor::from_other_name(&given)
        .map(Flavor::name)
        .or_else(|| nearest(&given, &names));
    let message = if let Some(meant) = meant {
        format!("unknown flavor `{given}`: did you mean `{meant}`?")
    } else {
        format!("unknown flavor `{given}`: there are {}", list(&names))
    };
    Err(Error::new_spanned(literal, message))
}

fn parse_worker_threads(argument: &Argument) -> Result<usize> {
    let literal: LitInt = argument.value(
        "an integer literal (for a number known at run time only, use `runtime::Builder`)",
        "worker_threads = 4",
    )?;
    let count: usize = literal.base10_parse().map_err(|_| {
        Error::new_spanned(
            &literal,
            format!("`worker_threads = {literal}` is no whole number up to `usize::MAX`"),
        )
    })?;
    if count == 0 {
        let message =
            "`worker_threads` must be at least 1: leave it out to have the runtime choose";
        return Err(Error::new_spanned(literal, message));
    }
    Ok(count)
}

fn parse_bool(argument: &Argument, example: &str) -> Result<bool> {
    let literal: LitBool = argument.value("`true` or `false`", example)?;
    Ok(literal.value)
}

fn parse_scope(argument: &Argument) -> Result<Scope> {
    let literal: LitStr = argument.value("a string", "affinity_scope = \"cache\"")?;
    let given = literal.value();
    if let Some(scope) = Scope::ALL.into_iter().find(|scope| scope.name == given) {
        return Ok(scope);
    }
    let names = Scope::ALL.map(|scope| scope.name);
    let hint =
        nearest(&given, &names).map_or(String::new(), |meant| format!("; did you mean `{meant}`?"));
    let message = format!(
        "unknown affinity scope `{given}`: there are {}{hint}",
        list(&names)
    );
    Err(Error::new_spanned(literal, message))
}

fn parse_name(argument: &Argument) -> Result<LitStr> {
    let literal: LitStr = argument.value("a string", "name = \"ingest\"")?;
    if literal.value().contains('\0') {
        let message =
            "`name` is used in the names of threads, which cannot hold a NUL: remove the `\\0`";
        return Err(Error::new_spanned(literal, message));
    }
    Ok(literal)
}

fn parse_crate(argument: &Argument) -> Result<Path> {
    const WHAT: &str = "the path of the runtime crate";
    const EXAMPLE: &str = "crate = \"my_crate::fastwake\"";
    let parse_path = |input: ParseStream<'_>| match input.parse::<Option<LitStr>>()? {
        Some(literal) => literal.parse_with(Path::parse_mod_style),
        None => input.call(Path::parse_mod_style),
    };
    parse_path
        .parse2(argument.value.clone())
        .map_err(|_| argument.refuse(format!("`crate` takes {WHAT}, as in `{EXAMPLE}`")))
}

/// Says what to write in place of an argument that does not exist.
fn unknown_name(name: &Ident) -> Error {
    let given = name.to_string();
    let flavor = Flavor::ALL
        .into_iter()
        .find(|flavor| flavor.name() == given);
    let renamed = match given.as_str() {
        "core_threads" | "max_threads" | "threads" | "num_threads" | "workers" | "num_workers" => {
            Some("worker_threads")
        }
        "affinity" | "scope" => Some("affinity_scope"),
        "strict" => Some("affinity_strict"),
        "thread_name" | "runtime_name" => Some("name"),
        "crate_name" | "krate" => Some("crate"),
        _ => nearest(&given, &NAMES),
    };
    let message = if let Some(flavor) = flavor.or_else(|| Flavor::from_other_name(&given)) {
        format!(
            "unknown argument `{given}`: write `flavor = \"{}\"`",
            flavor.name()
        )
    } else if let Some(missing) = not_yet(&given) {
        missing
    } else if let Some(renamed) = renamed {
        format!("unknown argument `{given}`: did you mean `{renamed}`?")
    } else {
        format!("unknown argument `{given}`: there are {}", list(&NAMES))
    };
    Error::new_spanned(name, message)
}

fn not_yet(given: &str) -> Option<String> {
    let (name, meanwhile) = NOT_YET.iter().find(|(name, _)| *name == given)?;
    Some(format!("`{name}` is not supported yet; {meanwhile}"))
}

/// "`a`, `b` and `c`".
fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => quoted.concat(),
    }
}

#[cfg(test)]
mod tests;
