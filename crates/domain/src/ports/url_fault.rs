//! Why an address cannot be an endpoint's, in words for whoever gave it.

use crate::model::endpoint::LONGEST_URL;

/// Why an address cannot be an endpoint's. Reads on after "the URL", and says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlFault {
    /// It is too long.
    #[error("is longer than {LONGEST_URL} bytes. Write a shorter one.")]
    TooLong,
    /// A blank, a control character or a backslash, which programs read differently.
    #[error("has a blank, a control character or a backslash. Write it percent-encoded, or leave it out.")]
    Character,
    /// Not `https://` and a host.
    #[error("has to begin with https:// and a host, as https://example.com/hooks/calls does.")]
    Scheme,
    /// It cannot be read; why.
    #[error("cannot be read: {0}. Write one as https://example.com/hooks/calls.")]
    Unreadable(String),
    /// It names a user or a password.
    #[error("has a name or a password before its host. Leave them out: the signature proves where a notice comes from.")]
    Userinfo,
    /// It has a `#`.
    #[error("has a '#' part, which is never sent. Leave it out.")]
    Fragment,
    /// Its host is no name.
    #[error("has a host that is no name. Write one as in https://example.com/hooks/calls.")]
    Host,
    /// It is not `https` on port 443, and no address that may be reached otherwise.
    #[error(
        "has to be https on port 443. To reach a receiver in a network of its own, the operator of this gateway lists its \
         addresses: [webhooks] allow_private."
    )]
    NotHttps,
    /// A name that only this machine or a local network knows.
    #[error(
        "names '{0}', which only a local network knows. Write a public name, or have the operator of this gateway list its \
         addresses: [webhooks] allow_private."
    )]
    LocalName(String),
    /// It is an address that is not public.
    #[error(
        "names {0}, which is not a public address. Write one that is, or have the operator of this gateway list it: \
         [webhooks] allow_private."
    )]
    Private(String),
    /// It is an address that nothing is ever sent to, or a name of one.
    #[error("leads to {}, which nothing is ever sent to. Write the address of your own receiver.", shown(.0))]
    Never(Option<String>),
    /// Its name has an address that is not public, or not listed where it would have to be. Which one is not said: whoever
    /// asks may not know it.
    #[error(
        "has a host with an address that may not be reached. All its addresses have to be public, and the URL https on port \
         443; or the operator of this gateway lists all of them: [webhooks] allow_private."
    )]
    Blocked,
}

fn shown(address: &Option<String>) -> &str {
    address.as_deref().unwrap_or("an address")
}
