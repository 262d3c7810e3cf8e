//! The console, as somebody sees it who is signed in.

mod call;

use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder};
use url::form_urlencoded;

use crate::harness::{Answer, KEY, Server};

/// The most a page may weigh.
pub const BUDGET: usize = 60 * 1024;

/// Somebody who is signed in.
pub struct SignedIn<'a> {
    server: &'a Server,
    client: Client,
    cookie: String,
}

impl<'a> SignedIn<'a> {
    /// By the first key, which may do everything.
    pub async fn at(server: &'a Server) -> Self {
        Self::with(server, KEY).await
    }

    pub async fn with(server: &'a Server, key: &str) -> Self {
        let client = Client::builder().no_proxy().redirect(Policy::none()).build().expect("a client");
        let request = client.post(format!("{}/console/sign-in", server.url)).header("sec-fetch-site", "same-origin");
        let answer = Answer::of(filled(request, &[("key", key)])).await;
        let cookie = answer.header("set-cookie").unwrap_or_else(|| panic!("{} {}", answer.status, answer.text));
        let cookie = cookie.split(';').next().expect("a cookie").to_owned();
        Self { server, client, cookie }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.request_from("same-origin", method, path)
    }

    /// A request as the browser sends it from a page of this site.
    pub fn request_from(&self, site: &str, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.server.url));
        request.header("cookie", &self.cookie).header("accept", "text/html").header("sec-fetch-site", site)
    }

    /// A page, which is sound whatever it shows.
    pub async fn page(&self, path: &str) -> String {
        let answer = Answer::of(self.request(Method::GET, path)).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/html; charset=utf-8")), "{path}");
        let text = answer.text;
        assert_eq!((text.matches("<h1").count(), text.matches("<main").count()), (1, 1), "{path}");
        for forbidden in ["style=", "<style", " onclick=\"", "{{", "src=\"http", "javascript:"] {
            assert!(!text.contains(forbidden), "{path}: {forbidden}");
        }
        assert_eq!(text.matches("<script").count(), 1, "{path}: only the one in the head");
        assert!(text.len() < BUDGET, "{path}: {} bytes", text.len());
        text
    }

    /// A form that is sent, and where it leads.
    pub async fn send(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        Answer::of(filled(self.request(Method::POST, path), fields)).await
    }
}

/// A request with what somebody wrote into its form.
fn filled(request: RequestBuilder, fields: &[(&str, &str)]) -> RequestBuilder {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    request.header("content-type", "application/x-www-form-urlencoded").body(body)
}
