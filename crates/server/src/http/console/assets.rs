//! The stylesheet, the script and the icon: kept in the binary, named with their hash and cached for a year. A debug build
//! reads them from the source tree, so that a change needs only a reload.

use std::fmt::Write as _;
use std::sync::LazyLock;

use sha2::{Digest, Sha256};

/// One asset.
pub struct Asset {
    /// As it lies in `src/console/assets/`.
    pub file: &'static str,
    /// What it is.
    pub content_type: &'static str,
    text: &'static str,
    path: LazyLock<String>,
}

macro_rules! asset {
    ($(#[$meta:meta])* $name:ident, $file:literal, $content_type:literal) => {
        $(#[$meta])*
        pub static $name: Asset = Asset {
            file: $file,
            content_type: $content_type,
            text: include_str!(concat!("../../console/assets/", $file)),
            path: LazyLock::new(|| named($file, include_str!(concat!("../../console/assets/", $file)))),
        };
    };
}

asset!(
    /// The stylesheet of console and docs.
    CSS, "console.css", "text/css; charset=utf-8"
);
asset!(
    /// The one script of console and docs.
    JS, "console.js", "text/javascript; charset=utf-8"
);
asset!(
    /// The mark.
    ICON, "icon.svg", "image/svg+xml"
);

asset!(
    /// What public pages have beside.
    DOCS, "docs.css", "text/css; charset=utf-8"
);
asset!(
    /// The script that starts the explorer.
    EXPLORER, "explorer.js", "text/javascript; charset=utf-8"
);

/// All of them.
pub static ALL: [&Asset; 5] = [&CSS, &JS, &ICON, &DOCS, &EXPLORER];

impl Asset {
    /// Where it is had from.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Its text, and whether it may be kept.
    pub fn text(&self) -> (String, bool) {
        if cfg!(debug_assertions) {
            let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/console/assets").join(self.file);
            if let Ok(text) = std::fs::read_to_string(source) {
                return (text, false);
            }
        }
        (self.text.to_owned(), true)
    }
}

/// `/assets/console-1f2e3d.css`.
pub fn named(file: &str, content: impl AsRef<[u8]>) -> String {
    let hash: String = Sha256::digest(content).iter().take(6).fold(String::new(), |mut hash, byte| {
        // Writing to a string cannot fail.
        let _written = write!(hash, "{byte:02x}");
        hash
    });
    let (name, ending) = file.split_once('.').unwrap_or((file, ""));
    format!("/assets/{name}-{hash}.{ending}")
}
