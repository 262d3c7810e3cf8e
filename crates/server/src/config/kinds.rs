//! Stand-in for the adapters' registry until it is merged.

/// Where a kind's requests go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BaseUrl {
    None,
    Needed,
    #[expect(dead_code, reason = "goes with this file")]
    Default(&'static str),
}

#[derive(Debug, Clone, Copy)]
pub struct Kind {
    pub name: &'static str,
    pub is_test: bool,
    pub base_url: BaseUrl,
    pub settings: &'static [Setting],
}

#[derive(Debug, Clone, Copy)]
pub struct Setting {
    pub name: &'static str,
    pub needed: bool,
    pub secret: bool,
}

const fn optional(name: &'static str) -> Setting {
    Setting { name, needed: false, secret: false }
}

pub const KINDS: &[Kind] = &[
    Kind {
        name: "http",
        is_test: false,
        base_url: BaseUrl::Needed,
        settings: &[Setting { name: "secret", needed: true, secret: true }],
    },
    Kind {
        name: "simulator",
        is_test: true,
        base_url: BaseUrl::None,
        settings: &[optional("script"), optional("seed"), optional("speed")],
    },
];
