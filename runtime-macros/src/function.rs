//! The item under the attribute, taken apart no further than the macros need.

#![forbid(unsafe_code)]

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt};
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Attribute, Error, Generics, Ident, Result, Token, Visibility, parenthesized, token};

use crate::Entry;

const MISPLACED: &str = "this attribute belongs on an `async fn` with a body";

/// A function with a body.
///
/// Return type, `where` clause and body stay tokens: nothing here depends on their grammar, so
/// whatever rustc accepts passes through, and what it does not accept is reported by rustc, in its
/// own words.
pub(crate) struct Function {
    /// Outer attributes, then the inner ones, made outer: those would not be first in the new body.
    attributes: Vec<Attribute>,
    visibility: Visibility,
    /// `const`, `unsafe`, `extern "C"`: all that stands before `fn` except `async`.
    qualifiers: TokenStream,
    asyncness: Option<Token![async]>,
    fn_token: Token![fn],
    name: Ident,
    generics: Generics,
    parentheses: token::Paren,
    parameters: TokenStream,
    /// The type after `->`; `None` where there is no arrow.
    pub(crate) output: Option<TokenStream>,
    where_clause: TokenStream,
    pub(crate) body: Group,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        let (qualifiers, asyncness) = parse_qualifiers(input)?;
        let fn_token = input.parse()?;
        let name = input.parse()?;
        let generics = input.parse()?;
        let content;
        let parentheses = parenthesized!(content in input);
        let parameters = content.parse()?;
        let (head, body) = split_body(input)?;
        let (inner, body) = lift_inner_attributes(&body)?;
        attributes.extend(inner);
        let (output, where_clause) = split_head(head);
        Ok(Self {
            attributes,
            visibility,
            qualifiers,
            asyncness,
            fn_token,
            name,
            generics,
            parentheses,
            parameters,
            output,
            where_clause,
            body,
        })
    }
}

impl Function {
    /// What keeps `entry` from running this function.
    pub(crate) fn check(&self, entry: Entry) -> Result<()> {
        if !self.is_async() {
            let message = format!(
                "`{}` runs an `async fn`: write `async` before `fn`",
                entry.attribute()
            );
            return Err(Error::new(self.fn_token.span, message));
        }
        if entry == Entry::Main && self.name == "main" && !self.parameters.is_empty() {
            let message =
                "the `main` function takes no arguments: read them from `std::env::args()`";
            return Err(Error::new_spanned(&self.parameters, message));
        }
        Ok(())
    }

    pub(crate) fn is_async(&self) -> bool {
        self.asyncness.is_some()
    }

    /// Takes away the attributes that make a test of the function as well.
    pub(crate) fn remove_test_attributes(&mut self) -> Vec<Attribute> {
        self.attributes
            .extract_if(.., |attribute| is_test(attribute))
            .collect()
    }

    /// Where the return type starts and ends; the parameters, behind which it would be, if there is
    /// none.
    pub(crate) fn output_span(&self) -> (Span, Span) {
        let parameters = self.parentheses.span.join();
        let tokens: Vec<TokenTree> = self
            .output
            .clone()
            .unwrap_or_default()
            .into_iter()
            .collect();
        let span = |token: Option<&TokenTree>| token.map_or(parameters, TokenTree::span);
        (span(tokens.first()), span(tokens.last()))
    }

    /// The function without its `async`, with `last_attribute` after its own and `body` for a body.
    pub(crate) fn into_sync(self, last_attribute: Option<TokenStream>, body: Group) -> TokenStream {
        let mut tokens = TokenStream::new();
        tokens.append_all(&self.attributes);
        last_attribute.to_tokens(&mut tokens);
        self.visibility.to_tokens(&mut tokens);
        self.qualifiers.to_tokens(&mut tokens);
        self.fn_token.to_tokens(&mut tokens);
        self.name.to_tokens(&mut tokens);
        self.generics.to_tokens(&mut tokens);
        self.parentheses
            .surround(&mut tokens, |inside| inside.append_all(self.parameters));
        if let Some(output) = self.output {
            <Token![->]>::default().to_tokens(&mut tokens);
            output.to_tokens(&mut tokens);
        }
        self.where_clause.to_tokens(&mut tokens);
        body.to_tokens(&mut tokens);
        tokens
    }

    /// Where the last statement of the body starts and ends; the body itself if it has none.
    ///
    /// Two spans, because spans cannot be joined on stable Rust: an expression whose first token
    /// has the one and whose last token has the other is shown as reaching from start to end.
    pub(crate) fn last_statement(&self) -> (Span, Span) {
        let tokens: Vec<TokenTree> = self.body.stream().into_iter().collect();
        let is_semicolon =
            |token: &TokenTree| matches!(token, TokenTree::Punct(p) if p.as_char() == ';');
        let Some(end) = tokens.iter().rposition(|token| !is_semicolon(token)) else {
            return (self.body.span(), self.body.span());
        };
        let semicolon_before = tokens[..end].iter().rposition(is_semicolon);
        let start = semicolon_before.map_or(0, |semicolon| semicolon + 1);
        (tokens[start].span(), tokens[end].span())
    }
}

fn parse_qualifiers(input: ParseStream<'_>) -> Result<(TokenStream, Option<Token![async]>)> {
    let mut qualifiers = TokenStream::new();
    let mut asyncness = None;
    while !input.peek(Token![fn]) {
        if asyncness.is_none() && input.peek(Token![async]) {
            asyncness = Some(input.parse()?);
        } else if input.peek(Token![const])
            || input.peek(Token![unsafe])
            || input.peek(Token![extern])
            || input.peek(syn::LitStr)
        {
            qualifiers.append(input.parse::<TokenTree>()?);
        } else {
            return Err(input.error(MISPLACED));
        }
    }
    Ok((qualifiers, asyncness))
}

/// Splits what follows the parameters into the return type with its `where` clause, and the body.
fn split_body(input: ParseStream<'_>) -> Result<(Vec<TokenTree>, Group)> {
    let span = input.span();
    let mut head: Vec<TokenTree> = input.parse::<TokenStream>()?.into_iter().collect();
    match head.pop().and_then(braces) {
        Some(body) => Ok((head, body)),
        None => Err(Error::new(span, MISPLACED)),
    }
}

/// The group in braces that `token` is, be it inside the invisible delimiters of a `macro_rules`
/// fragment.
fn braces(token: TokenTree) -> Option<Group> {
    let TokenTree::Group(group) = token else {
        return None;
    };
    match group.delimiter() {
        Delimiter::Brace => Some(group),
        Delimiter::None => {
            let mut inside = group.stream().into_iter();
            let only = inside.next()?;
            if inside.next().is_some() {
                None
            } else {
                braces(only)
            }
        }
        Delimiter::Parenthesis | Delimiter::Bracket => None,
    }
}

fn lift_inner_attributes(body: &Group) -> Result<(Vec<Attribute>, Group)> {
    let split = |input: ParseStream<'_>| {
        Ok((
            input.call(Attribute::parse_inner)?,
            input.parse::<TokenStream>()?,
        ))
    };
    let (mut attributes, statements) = split.parse2(body.stream())?;
    for attribute in &mut attributes {
        attribute.style = syn::AttrStyle::Outer;
    }
    let mut rest = Group::new(Delimiter::Brace, statements);
    rest.set_span(body.span());
    Ok((attributes, rest))
}

/// Splits `-> Type where T: Bound` in two. A `where` outside of all brackets can only start the
/// clause.
fn split_head(head: Vec<TokenTree>) -> (Option<TokenStream>, TokenStream) {
    let is_where = |token: &TokenTree| matches!(token, TokenTree::Ident(ident) if ident == "where");
    let at = head.iter().position(is_where).unwrap_or(head.len());
    let mut tokens = head.into_iter();
    let arrow_and_type: Vec<TokenTree> = tokens.by_ref().take(at).collect();
    let arrow = ["-", ">"].len();
    let output =
        (arrow_and_type.len() > arrow).then(|| arrow_and_type.into_iter().skip(arrow).collect());
    (output, tokens.collect())
}

/// Whether the attribute makes a test of a function: the one of the language, under any of its
/// names, or ours.
///
/// Other crates' `test` attributes are left alone: several of them step back where they see the
/// language's.
fn is_test(attribute: &Attribute) -> bool {
    let path: Vec<String> = attribute
        .path()
        .segments
        .iter()
        .map(|segment| segment.ident.to_string())
        .collect();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    matches!(
        path[..],
        ["test"] | ["core" | "std", "prelude", _, "test"] | ["fastwake", "test"]
    )
}

#[cfg(test)]
mod tests;
