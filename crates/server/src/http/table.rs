//! What a route table is: its rows, how a request finds its row, and what the rest is answered with.

use actix_web::http::Method;
use actix_web::http::header::{ALLOW, HeaderValue};
use callgate_domain::ports::Scope;

use super::error::{Code, Problem};

/// One row of a table.
pub struct Route {
    /// Its method.
    pub method: Method,
    /// Its path; a part in braces stands for anything.
    pub path: &'static str,
    /// Whom it is open to.
    pub gate: Gate,
}

/// Whom a route is open to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Everybody.
    Open,
    /// A key that may do this.
    Key(Scope),
    /// Whoever is signed in to the console.
    Session,
}

impl Gate {
    /// What a key must be allowed to do, where a key opens it.
    #[must_use]
    pub const fn scope(self) -> Option<Scope> {
        match self {
            Self::Key(scope) => Some(scope),
            Self::Open | Self::Session => None,
        }
    }
}

/// What a table says about a request.
#[derive(Clone, Copy)]
pub enum Found {
    /// This row.
    Route(&'static Route),
    /// The path is known under other methods.
    OtherMethods(&'static str),
    /// Nothing.
    Nothing,
}

impl Found {
    /// The path's template, for logs and metrics.
    pub fn template(self) -> &'static str {
        match self {
            Self::Route(route) => route.path,
            Self::OtherMethods(path) => path,
            Self::Nothing => "unknown",
        }
    }
}

/// The row of `table` for a request.
pub fn find(table: &'static [Route], method: &Method, path: &str) -> Found {
    let mut other = None;
    for route in table.iter().filter(|route| fits(route.path, path)) {
        if route.method == *method {
            return Found::Route(route);
        }
        other = Some(route.path);
    }
    other.map_or(Found::Nothing, Found::OtherMethods)
}

/// 405, naming the methods that `path` is known under.
pub fn other_methods(table: &[Route], path: &str) -> Problem {
    let methods: Vec<_> = table.iter().filter(|route| route.path == path).map(|route| route.method.as_str()).collect();
    let methods = methods.join(", ");
    let problem = Problem::new(Code::MethodNotAllowed, format!("Only {methods} is allowed on {path}."));
    match HeaderValue::try_from(methods) {
        Ok(methods) => problem.with(ALLOW, methods),
        Err(_) => problem,
    }
}

/// 404 for a path that is in no table.
pub fn nothing_here() -> Problem {
    Problem::new(Code::NotFound, "There is nothing at this path. The routes stand in /openapi.json.")
}

fn fits(template: &str, path: &str) -> bool {
    let Some(open) = template.find('{') else { return template == path };
    if template.get(..open) != path.get(..open) {
        return false;
    }
    let mut parts = path.split('/');
    let all = template
        .split('/')
        .all(|wanted| parts.next().is_some_and(|part| part == wanted || (wanted.starts_with('{') && !part.is_empty())));
    all && parts.next().is_none()
}

macro_rules! gate {
    () => {
        $crate::http::table::Gate::Open
    };
    (Session) => {
        $crate::http::table::Gate::Session
    };
    ($scope:ident) => {
        $crate::http::table::Gate::Key(Scope::$scope)
    };
}

/// Mounts one handler; what is not hidden goes into the public document by being mounted.
macro_rules! mount {
    ($app:ident, $handler:path) => {
        $app.service($handler)
    };
    ($app:ident, $handler:path, hidden) => {
        $app.map(|app| app.service($handler))
    };
}

/// Declares a table, and the function that mounts its handlers.
macro_rules! routes {
    ($(#[$meta:meta])* pub $table:ident, $mount:ident: $($method:ident $path:literal [$($gate:ident)?] $handler:path $(, $hidden:ident)?;)+) => {
        $(#[$meta])*
        pub static $table: &[Route] = &[$(Route { method: Method::$method, path: $path, gate: $crate::http::table::gate!($($gate)?) },)+];

        fn $mount(app: &mut ServiceConfig) {
            $($crate::http::table::mount!(app, $handler $(, $hidden)?);)+
        }
    };
}

pub(super) use {gate, mount, routes};

#[cfg(test)]
mod tests {
    use super::*;

    static TABLE: &[Route] = &[
        Route { method: Method::GET, path: "/a", gate: Gate::Open },
        Route { method: Method::POST, path: "/a", gate: Gate::Open },
        Route { method: Method::GET, path: "/a/{id}", gate: Gate::Open },
        Route { method: Method::POST, path: "/a/{id}/b", gate: Gate::Open },
    ];

    fn check(method: &Method, path: &str, expected: &str) {
        let found = match find(TABLE, method, path) {
            Found::Route(route) => format!("{} {}", route.method, route.path),
            Found::OtherMethods(path) => format!("other {path}"),
            Found::Nothing => "nothing".to_owned(),
        };
        assert_eq!(found, expected, "{method} {path}");
    }

    #[test]
    fn a_request_finds_its_row() {
        check(&Method::GET, "/a", "GET /a");
        check(&Method::POST, "/a", "POST /a");
        check(&Method::GET, "/a/7", "GET /a/{id}");
        check(&Method::POST, "/a/7/b", "POST /a/{id}/b");
    }

    #[test]
    fn a_known_path_under_another_method_is_told_apart_from_none() {
        check(&Method::DELETE, "/a", "other /a");
        check(&Method::TRACE, "/a/7", "other /a/{id}");
        for path in ["", "/", "/a/", "/a//b", "/a/7/c", "/a/7/b/", "/A", "/a/7/b/c"] {
            check(&Method::GET, path, "nothing");
        }
    }
}
