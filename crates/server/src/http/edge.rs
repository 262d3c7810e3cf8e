//! What every request passes, on its way in and out: id, route, key, panics, unread bodies, problem documents,
//! headers, the log record.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse};
use callgate_domain::ports::Chance;
use futures_util::FutureExt;
use tracing::Instrument;

use super::auth::Caller;
use super::body::Unread;
use super::connection::{Heads, Serving};
use super::error::{Code, Problem};
use super::headers::{self, X_REQUEST_ID};
use super::record::{Record, Recorded};
use super::table::{self, Found, Gate};
use super::{Http, address, console, pages};

/// All headers of a request together.
const HEADERS_LIMIT: usize = 16 * 1024;
/// The one route whose repetition is worth a word when it fails.
const CREATE: (&Method, &str) = (&Method::POST, "/v1/calls");

/// The request's id, for a handler without a caller.
#[derive(Debug, Clone)]
pub struct RequestId(pub Arc<str>);

/// A request, as far as everybody needs to know it.
struct Arrival {
    id: Arc<str>,
    method: Method,
    found: Found,
    started: Duration,
    /// Until it is answered.
    serving: Option<Serving>,
    /// Its body did not come whole, so that nothing after it can be told apart.
    is_last: bool,
    /// Whoever sent it looks at pages.
    wants_page: bool,
    /// How its key's quota stands.
    quota: Option<[(HeaderName, HeaderValue); 2]>,
}

/// Serves one request.
///
/// # Errors
/// Only with a whole response inside.
pub async fn serve<B: MessageBody + 'static>(
    http: Arc<Http>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = headers::request_id(request.headers()).map_or_else(|| fresh_id(&*http.gateway.chance).into(), Arc::from);
    let found = table::find(http.table, request.method(), request.path());
    let serving = request.conn_data::<Heads>().map(Heads::serving);
    let started = http.gateway.clock.monotonic();
    let wants_page = console::wants_page(request.headers());
    let method = request.method().clone();
    let arrival = Arrival { id, method, found, started, serving, is_last: false, wants_page, quota: None };
    let span = tracing::info_span!("request", request_id = %arrival.id);
    pass(http, arrival, request, next).instrument(span).await
}

async fn pass<B: MessageBody + 'static>(
    http: Arc<Http>,
    mut arrival: Arrival,
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let unread = match request.take_payload() {
        Payload::None => None,
        payload => Some(Unread::new(payload, request.headers())),
    };
    if let Some(unread) = &unread {
        request.extensions_mut().insert(unread.clone());
    }
    request.extensions_mut().insert(RequestId(Arc::clone(&arrival.id)));
    let outcome = match admit(&http, &mut arrival, &request).await {
        Ok(caller) => {
            if let Some(caller) = caller {
                request.extensions_mut().insert(caller);
            }
            let handled = async { next.call(request).await.map(ServiceResponse::map_into_boxed_body) };
            AssertUnwindSafe(handled).catch_unwind().await
        }
        // Put together by hand: `into_response` would drop the problem that the refusal carries.
        Err(refusal) => Ok(Ok(ServiceResponse::new(request.into_parts().0, refusal))),
    };
    if let Some(unread) = unread {
        arrival.is_last = !unread.drain().await;
    }
    match outcome {
        Ok(Ok(response)) => {
            let (request, response) = response.into_parts();
            Ok(ServiceResponse::new(request, finish(&http, &mut arrival, response)))
        }
        Ok(Err(error)) => Err(whole(finish(&http, &mut arrival, HttpResponse::from_error(error)))),
        // The request went down with its handler, so the answer goes out as an error that holds a whole response.
        Err(_panic) => {
            tracing::error!("a handler panicked");
            Err(whole(finish(&http, &mut arrival, HttpResponse::from_error(Problem::internal()))))
        }
    }
}

fn whole(response: HttpResponse) -> Error {
    InternalError::from_response("answered", response).into()
}

/// Lets a request through, with its caller where the route needs one; or what it is answered with instead.
async fn admit(http: &Http, arrival: &mut Arrival, request: &ServiceRequest) -> Result<Option<Caller>, HttpResponse> {
    let size: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if size > HEADERS_LIMIT {
        let detail = format!("The headers are longer than {} KiB together.", HEADERS_LIMIT / 1024);
        return Err(refusal(Problem::new(Code::HeadersTooLarge, detail)));
    }
    match arrival.found {
        Found::Route(route) => match route.gate {
            Gate::Open => Ok(None),
            Gate::Key(scope) => {
                let from = address::of_client(request, &http.options.trusted_proxies);
                let admission = http.auth.admit(request.headers(), from, scope, &arrival.id).await;
                arrival.quota = admission.quota;
                admission.caller.map(Some).map_err(refusal)
            }
            Gate::Session => console::admit(http, request, &arrival.id).await.map(Some),
        },
        Found::OtherMethods(path) => Err(refusal(table::other_methods(http.table, path))),
        Found::Nothing => Err(refusal(table::nothing_here())),
    }
}

fn refusal(problem: Problem) -> HttpResponse {
    HttpResponse::from_error(problem)
}

/// Gives an answer what all answers have, and writes down that it was given.
fn finish(http: &Arc<Http>, arrival: &mut Arrival, mut response: HttpResponse) -> HttpResponse {
    let mut code = None;
    if let Some(problem) = problem_of(&response) {
        let problem = said_for(arrival, problem);
        code = Some(problem.code.as_str());
        // Whoever looks at a page is told on a page.
        let page = (arrival.wants_page && arrival.found.template().starts_with(console::PATH))
            .then(|| console::failed(&problem, &arrival.id))
            .flatten();
        let content_type = if page.is_some() { "text/html; charset=utf-8" } else { "application/problem+json" };
        if page.is_some() {
            response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(pages::POLICY));
        }
        response = response.set_body(page.map_or_else(|| BoxBody::new(problem.render(&arrival.id)), BoxBody::new));
        for (name, value) in problem.headers {
            response.headers_mut().insert(name, value);
        }
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    give_headers(http, arrival, response.headers_mut());
    // Beside what a problem says of another quota.
    for (name, value) in arrival.quota.take().into_iter().flatten() {
        response.headers_mut().append(name, value);
    }
    if arrival.is_last {
        response.head_mut().set_connection_type(ConnectionType::Close);
        // The framework goes on reading a body in chunks, for ever.
        arrival.serving.iter().for_each(Serving::is_last);
    }
    let record = Record {
        clock: Arc::clone(&http.gateway.clock),
        method: named(&arrival.method),
        route: arrival.found.template(),
        status: response.status(),
        code,
        started: arrival.started,
        request_id: Arc::clone(&arrival.id),
        serving: arrival.serving.take(),
    };
    match response.body().size() {
        BodySize::None => record.write(0),
        BodySize::Sized(bytes) => record.write(bytes),
        BodySize::Stream => return response.map_body(|_, body| BoxBody::new(Recorded::new(body, record))),
    }
    response
}

/// What went wrong, whoever says it: our handlers, or the framework, which says it without a document.
fn problem_of(response: &HttpResponse) -> Option<Problem> {
    let status = response.status();
    if let Some(error) = response.error() {
        return Some(match error.as_error::<Problem>() {
            Some(problem) => problem.clone(),
            None => plain(status),
        });
    }
    let failed = status.is_client_error() || status.is_server_error();
    let says_nothing = matches!(response.body().size(), BodySize::None | BodySize::Sized(0));
    (failed && says_nothing).then(|| plain(status))
}

fn plain(status: StatusCode) -> Problem {
    let code = Code::of_status(status);
    Problem::new(code, format!("{}.", code.title()))
}

/// A failed create says that repeating it is safe; nothing else needs words of its own.
fn said_for(arrival: &Arrival, mut problem: Problem) -> Problem {
    let is_create = (&arrival.method, arrival.found.template()) == CREATE;
    if is_create && problem.code.status().is_server_error() {
        problem.detail = format!("{} Sending it again with the same Idempotency-Key is safe.", problem.detail).into();
    }
    problem
}

fn give_headers(http: &Http, arrival: &Arrival, headers: &mut HeaderMap) {
    if let Ok(id) = HeaderValue::from_str(&arrival.id) {
        headers.insert(X_REQUEST_ID, id);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if !headers.contains_key(CONTENT_SECURITY_POLICY) {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'"));
    }
    if http.gateway.facts.public_url.as_ref().is_some_and(|url| url.starts_with("https://")) {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
}

fn fresh_id(chance: &dyn Chance) -> String {
    let mut bytes = [0; 8];
    chance.bytes(&mut bytes);
    format!("req_{:016x}", u64::from_be_bytes(bytes))
}

/// A method as a label: the closed list, and one word for all the rest.
fn named(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::TRACE => "TRACE",
        Method::CONNECT => "CONNECT",
        _ => "_OTHER",
    }
}
