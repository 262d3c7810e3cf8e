//! The console, read without a browser.

mod agents;
mod call;
mod calls;
mod overview;
mod sign_in;
mod webhooks;

use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder};

use crate::harness::{Answer, KEY, Server};

/// Somebody with a browser that follows nothing by itself.
pub struct Visitor<'a> {
    server: &'a Server,
    client: Client,
    cookie: Option<String>,
}

impl<'a> Visitor<'a> {
    /// Nobody who is signed in.
    pub fn new(server: &'a Server) -> Self {
        let client = Client::builder().no_proxy().redirect(Policy::none()).build().expect("a client");
        Self { server, client, cookie: None }
    }

    /// Somebody who is signed in with the first key.
    pub async fn signed_in(server: &'a Server) -> Self {
        Self::with(server, KEY).await
    }

    /// Somebody who is signed in with this key.
    pub async fn with(server: &'a Server, key: &str) -> Self {
        let mut visitor = Self::new(server);
        let answer = visitor.send("/console/sign-in", &[("key", key)]).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        visitor.take_cookie(&answer);
        visitor
    }

    /// Keeps what an answer gives.
    pub fn take_cookie(&mut self, answer: &Answer) {
        let cookie = answer.header("set-cookie").expect("a cookie");
        self.cookie = cookie.split(';').next().map(str::to_owned);
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.server.url)).header("accept", "text/html,*/*");
        match &self.cookie {
            Some(cookie) => request.header("cookie", cookie),
            None => request,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    /// Sends a form, as a page of ours does.
    pub async fn send(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        Answer::of(self.form(path, fields).header("sec-fetch-site", "same-origin")).await
    }

    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.request(Method::POST, path).header("content-type", "application/x-www-form-urlencoded").body(body)
    }

    /// The text of a page that must be there and whole.
    pub async fn page(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/html; charset=utf-8")), "{path}");
        let policy = answer.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'self'") && !policy.contains("unsafe"), "{policy}");
        let text = answer.text;
        assert!(text.starts_with("<!doctype html>\n<html lang=\"en\">") && text.trim_end().ends_with("</html>"), "{path}");
        assert_eq!((text.matches("<h1").count(), text.matches("<main").count()), (1, 1), "{path}");
        for forbidden in ["<script>", " style=\"", "<style", "{{", "src=\"http", " onclick=\"", KEY] {
            assert!(!text.contains(forbidden), "{path}: {forbidden}");
        }
        assert!(text.len() < 60 * 1024, "{path}: {} bytes", text.len());
        text
    }
}
