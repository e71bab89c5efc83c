//! `#[derive(ApiError)]`: a variant of an error enum declares its HTTP status, its slug and the members that the caller gets.
//!
//! ```text
//! #[derive(Debug, ApiError)]
//! pub enum BidError {
//!     /// Somebody else leads with as much or more.
//!     #[api(409, "outbid")]
//!     Outbid { least_bid: Money },
//!     #[api(inherit)]
//!     Hold(wallet::HoldError),
//! }
//! ```
//!
//! The derive writes `ApiError` with its list `ALL`, `Display`, `std::error::Error`, and `From` for what is inherited. A field named
//! `retry_after_s` becomes the `Retry-After` header; all others become members of the problem.
use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;
use quote::{format_ident, quote};
use syn::{
    Attribute, Data, DeriveInput, Expr, ExprLit, Field, Fields, Ident, Lit, LitInt, LitStr, Token, Type, Variant,
    spanned::Spanned,
};

/// See the crate's documentation.
#[proc_macro_derive(ApiError, attributes(api, schema))]
pub fn api_error(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as DeriveInput);
    expand(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}

/// What stands in `#[api(…)]`.
enum Declared {
    Own { status: LitInt, slug: LitStr },
    Inherited,
}

fn expand(input: &DeriveInput) -> syn::Result<Tokens> {
    let name = &input.ident;
    let Data::Enum(body) = &input.data else { return Err(syn::Error::new(name.span(), "ApiError is derived for enums")) };
    let arms = body.variants.iter().map(|variant| arm(name, variant)).collect::<syn::Result<Vec<_>>>()?;
    let (entries, problems, conversions): (Vec<_>, Vec<_>, Vec<_>) = split(arms);
    Ok(quote! {
        impl ::wassally::problem::ApiError for #name {
            const ALL: &'static [::wassally::problem::Entry] = &[#(#entries),*];

            fn problem(&self) -> ::wassally::problem::Problem {
                match self { #(#problems)* }
            }
        }

        impl ::std::fmt::Display for #name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(::wassally::problem::ApiError::problem(self).code)
            }
        }

        impl ::std::error::Error for #name {}

        #(#conversions)*
    })
}

type Arm = (Tokens, Tokens, Tokens);

fn split(arms: Vec<Arm>) -> (Vec<Tokens>, Vec<Tokens>, Vec<Tokens>) {
    let mut all = (vec![], vec![], vec![]);
    for (entry, problem, conversion) in arms {
        all.0.push(entry);
        all.1.push(problem);
        all.2.push(conversion);
    }
    all
}

/// A variant's entry in `ALL`, its arm of `problem`, and its `From` where it is inherited.
fn arm(name: &Ident, variant: &Variant) -> syn::Result<Arm> {
    let ident = &variant.ident;
    match declared(variant)? {
        Declared::Inherited => {
            let source = inherited(variant)?;
            Ok((
                quote!(::wassally::problem::Entry::Inherited(|| <#source as ::wassally::problem::ApiError>::ALL)),
                quote!(Self::#ident(source) => ::wassally::problem::ApiError::problem(source),),
                quote! {
                    impl ::std::convert::From<#source> for #name {
                        fn from(source: #source) -> Self {
                            Self::#ident(source)
                        }
                    }
                },
            ))
        }
        Declared::Own { status, slug } => {
            let doc = doc(&variant.attrs);
            let fields = named(variant)?;
            let (mut bindings, mut members, mut steps) = (vec![], vec![], vec![]);
            for Named { field, kind, attributes } in fields {
                let text = field.to_string();
                bindings.push(quote!(#field));
                if text == "retry_after_s" {
                    steps.push(quote!(.retry_after(*#field)));
                } else if text == "errors" {
                    steps.push(quote!(.faults(#field)));
                } else {
                    members.push(quote!(#(#attributes)* #field: #kind));
                    steps.push(quote!(.with(#text, #field)));
                }
            }
            let pattern = if bindings.is_empty() { quote!(Self::#ident) } else { quote!(Self::#ident { #(#bindings),* }) };
            // Described by the derive of the document itself, which knows what a `Timestamp` is.
            let described = match members.is_empty() {
                true => quote!(None),
                false => quote! {
                    Some({
                        #[derive(::utoipa::ToSchema)]
                        #[allow(dead_code, reason = "describes the members of a problem")]
                        struct Members { #(#members),* }
                        ::wassally::problem::Members {
                            schema: <Members as ::utoipa::PartialSchema>::schema,
                            schemas: <Members as ::utoipa::ToSchema>::schemas,
                        }
                    })
                },
            };
            Ok((
                quote! {
                    ::wassally::problem::Entry::Own(::wassally::problem::Declared {
                        status: #status,
                        slug: #slug,
                        doc: #doc,
                        members: #described,
                    })
                },
                quote!(#pattern => ::wassally::problem::Problem::new(#status, #slug)#(#steps)*,),
                Tokens::new(),
            ))
        }
    }
}

fn declared(variant: &Variant) -> syn::Result<Declared> {
    let wanted = || syn::Error::new(variant.span(), "say #[api(status, \"slug\")] or #[api(inherit)]");
    let attribute = variant.attrs.iter().find(|attribute| attribute.path().is_ident("api")).ok_or_else(wanted)?;
    attribute.parse_args_with(|input: syn::parse::ParseStream| {
        if input.peek(Ident) {
            let word: Ident = input.parse()?;
            return if word == format_ident!("inherit") { Ok(Declared::Inherited) } else { Err(wanted()) };
        }
        let status = input.parse()?;
        input.parse::<Token![,]>()?;
        Ok(Declared::Own { status, slug: input.parse()? })
    })
}

fn inherited(variant: &Variant) -> syn::Result<&Type> {
    match &variant.fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => Ok(&fields.unnamed[0].ty),
        _ => Err(syn::Error::new(variant.span(), "an inherited error is the variant's one unnamed field")),
    }
}

/// A field of a variant, with what it tells the document's derive.
struct Named<'a> {
    field: &'a Ident,
    kind: &'a Type,
    attributes: Vec<&'a Attribute>,
}

impl<'a> Named<'a> {
    fn of(field: &'a Field) -> Option<Self> {
        let forwarded = |attribute: &&Attribute| attribute.path().is_ident("schema") || attribute.path().is_ident("doc");
        let attributes = field.attrs.iter().filter(forwarded).collect();
        Some(Self { field: field.ident.as_ref()?, kind: &field.ty, attributes })
    }
}

fn named(variant: &Variant) -> syn::Result<Vec<Named<'_>>> {
    match &variant.fields {
        Fields::Unit => Ok(vec![]),
        Fields::Named(fields) => Ok(fields.named.iter().filter_map(Named::of).collect()),
        Fields::Unnamed(_) => Err(syn::Error::new(variant.span(), "members have names")),
    }
}

/// The doc comment in one line.
fn doc(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter(|attribute| attribute.path().is_ident("doc")).filter_map(|attribute| {
        let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &attribute.meta.require_name_value().ok()?.value else {
            return None;
        };
        Some(text.value().trim().to_owned())
    });
    lines.collect::<Vec<_>>().join(" ")
}
