//! The console at `/console`: pages for whoever is signed in with a key that has the scope `admin`.
//!
//! A page is rendered on the server (templates in `src/console/`) from the same use cases as the API, and can be read without
//! a script. [`gate`] lets whoever is signed in through, and nobody from another site; [`frame`] is what stands around every
//! page. Nothing is decided here.

pub mod agents;
pub mod assets;
mod attention;
pub mod call;
pub mod calls;
mod failed;
mod frame;
mod gate;
mod line;
pub mod overview;
pub mod page;
pub mod place;
pub mod sign_in;
pub mod webhooks;
mod words;

use callgate_domain::usecases::sign_in::Link;

pub use self::failed::failed;
pub use self::gate::{admit, wants_page};

/// Where the console's pages are.
pub const PATH: &str = "/console";

/// After the gateway's address and before a code: what signs in once.
pub const SIGN_IN_LINK: &str = "/console/enter?code=";

/// The address that signs in by a link.
pub fn link(base: &str, link: &Link) -> String {
    format!("{base}{SIGN_IN_LINK}{}", link.code.expose())
}
