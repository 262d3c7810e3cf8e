//! HTTP in: the route table of `API.md`, in its order, and the server around it.
//!
//! A request passes the edge ([`edge`]): it gets its id, its route is found here, its key is checked against the scope
//! that stands here, and whatever comes out gets its headers and its log record. A handler then parses, calls one use
//! case of the gateway and writes the answer. No rule about calls lives in this folder.

mod address;
mod admin;
mod agents;
mod audited;
mod auth;
mod body;
mod calls;
mod choices;
mod connection;
mod console;
mod cursor;
mod edge;
pub mod error;
mod events;
mod faults;
mod headers;
mod json;
mod live;
mod moment;
pub mod notices;
pub mod openapi;
mod ops;
mod pages;
mod query;
mod record;
mod table;
mod throttle;
pub mod view;
mod webhook_deliveries;
mod webhook_endpoints;
mod webhook_tokens;
mod webhooks;
mod webhooks_in;
mod words;

use std::future::ready;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_http::HttpService;
use actix_http::error::DispatchError;
use actix_server::ServerBuilder;
use actix_service::{ServiceFactoryExt, map_config};
use actix_web::body::BoxBody;
use actix_web::dev::{AppConfig, Extensions, Server, ServiceFactory, ServiceRequest, ServiceResponse, fn_service};
use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App, Error, HttpResponse, web};
use callgate_domain::ports::Scope;
use tokio::net::TcpStream;
use utoipa_actix_web::AppExt;
use utoipa_actix_web::service_config::ServiceConfig;

use self::auth::Auth;
use self::connection::{Connection, HEADERS_WITHIN};
pub use self::console::SIGN_IN_LINK;
use self::events::Events;
use self::live::Streams;
use self::table::routes;
pub use self::table::{Gate, Route};
use self::webhook_tokens::WebhookTokens;
use crate::config::Network;
use crate::gateway::Gateway;

routes! {
    /// Every route: method, path, the scope its key needs (none: open), handler; `hidden` ones are not in the public document.
    pub ROUTES, public:

    // 1. Calls
    POST "/v1/calls"                                [CallsWrite]  calls::create::create_call;
    GET  "/v1/calls"                                [CallsRead]   calls::list::list_calls;
    GET  "/v1/calls/{call_id}"                      [CallsRead]   calls::read::get_call;
    POST "/v1/calls/{call_id}/cancel"               [CallsWrite]  calls::cancel::cancel_call;
    GET  "/v1/calls/{call_id}/events"               [CallsRead]   calls::events::stream_call;
    GET  "/v1/events"                               [CallsRead]   events::stream_calls;
    GET  "/v1/calls/{call_id}/timeline"             [CallsRead]   calls::timeline::get_timeline;
    GET  "/v1/calls/{call_id}/recording"            [CallsRead]   calls::recording::get_recording;
    DELETE "/v1/calls/{call_id}/content"            [CallsWrite]  calls::content::erase_content;
    // 2. Agents
    GET  "/v1/agents"                               [AgentsRead]  agents::list_agents;
    GET  "/v1/agents/{key}"                         [AgentsRead]  agents::get_agent;
    // 3. The result webhook, and the providers' own
    POST "/v1/webhooks/call-completed"              [EventsWrite] webhooks::report_result;
    POST "/v1/webhooks/in/{connection}/{token}"     []            webhooks_in::take_webhook, hidden;
    // 5. Out to the client
    POST "/v1/webhook-endpoints"                    [CallsWrite]  webhook_endpoints::add::add_endpoint;
    GET  "/v1/webhook-endpoints"                    [CallsRead]   webhook_endpoints::list::list_endpoints;
    GET  "/v1/webhook-endpoints/{id}"               [CallsRead]   webhook_endpoints::one::get_endpoint;
    PATCH "/v1/webhook-endpoints/{id}"              [CallsWrite]  webhook_endpoints::one::change_endpoint;
    DELETE "/v1/webhook-endpoints/{id}"             [CallsWrite]  webhook_endpoints::one::remove_endpoint;
    POST "/v1/webhook-endpoints/{id}/rotate-secret" [CallsWrite]  webhook_endpoints::rotate::rotate_secret;
    POST "/v1/webhook-endpoints/{id}/test"          [CallsWrite]  webhook_endpoints::send::test_endpoint;
    POST "/v1/webhook-endpoints/{id}/recover"       [CallsWrite]  webhook_endpoints::send::recover_endpoint;
    GET  "/v1/webhook-deliveries"                   [CallsRead]   webhook_deliveries::list_deliveries;
    POST "/v1/webhook-deliveries/{id}/resend"       [CallsWrite]  webhook_deliveries::resend_delivery;
    // 7. For operators, and without a key
    POST "/v1/admin/keys"                           [Admin]       admin::keys::create_key, hidden;
    GET  "/v1/admin/keys"                           [Admin]       admin::keys::list_keys, hidden;
    POST "/v1/admin/keys/{key_id}/rotate"           [Admin]       admin::keys::rotate_key, hidden;
    POST "/v1/admin/keys/{key_id}/revoke"           [Admin]       admin::keys::revoke_key, hidden;
    GET  "/v1/admin/connections"                    [Admin]       admin::connections::list_connections, hidden;
    POST "/v1/admin/connections/{connection}/check" [Admin]       admin::connections::check_connection, hidden;
    POST "/v1/admin/connections/{connection}/rotate-url" [Admin]  admin::connections::rotate_url, hidden;
    POST "/v1/admin/agents/check"                   [Admin]       admin::agents::check_agents, hidden;
    POST "/v1/admin/reload"                         [Admin]       admin::reload::reload, hidden;
    POST "/v1/admin/pause"                          [Admin]       admin::pause::pause, hidden;
    POST "/v1/admin/resume"                         [Admin]       admin::pause::resume, hidden;
    POST "/v1/admin/console-links"                  [Admin]       admin::console_links::make_link, hidden;
    POST "/v1/admin/backup"                         [Admin]       admin::backup::backup, hidden;
    GET  "/v1/admin/calls/{call_id}"                [Admin]       admin::calls::inspect_call, hidden;
    GET  "/v1/admin/inbox"                          [Admin]       admin::inbox::list_inbox, hidden;
    GET  "/v1/admin/inbox/{webhook_id}"             [Admin]       admin::inbox::get_webhook, hidden;
    POST "/v1/admin/inbox/{webhook_id}/replay"      [Admin]       admin::inbox::replay, hidden;
    POST "/v1/admin/erase"                          [Admin]       admin::erase::erase, hidden;
    GET  "/v1/admin/overview"                       [Admin]       admin::overview::overview, hidden;
    GET  "/v1/admin/audit"                          [Admin]       admin::audit::list_audit, hidden;
    GET  "/metrics"                                 [Admin]       ops::metrics, hidden;
    GET  "/healthz"                                 []            ops::healthz;
    GET  "/readyz"                                  []            ops::readyz;
    GET  "/openapi.json"                            []            openapi::document, hidden;
    GET  "/docs"                                    []            pages::docs::shown, hidden;
    GET  "/docs.md"                                 []            pages::docs::as_markdown, hidden;
    GET  "/docs/errors"                             []            pages::errors::errors, hidden;
    GET  "/docs/reference"                          []            pages::explorer::reference, hidden;
    GET  "/llms.txt"                                []            pages::llms, hidden;
    GET  "/"                                        []            pages::home, hidden;
    GET  "/assets/{file}"                           []            pages::asset, hidden;
    // 8. The console
    GET  "/console/sign-in"                         []            console::sign_in::ask, hidden;
    POST "/console/sign-in"                         []            console::sign_in::with_key, hidden;
    GET  "/console/enter"                           []            console::sign_in::with_link, hidden;
    POST "/console/sign-out"                        [Session]     console::sign_in::out, hidden;
    GET  "/console"                                 [Session]     console::overview::overview, hidden;
    GET  "/console/live"                            [Session]     console::overview::live::stream_parts, hidden;
    POST "/console/agents/{key}/calls"              [Session]     console::place::place, hidden;
    GET  "/console/calls/{call_id}"                 [Session]     console::call::show, hidden;
    GET  "/console/calls/{call_id}/live"            [Session]     console::call::live::stream_call_page, hidden;
    GET  "/console/calls/{call_id}/json"            [Session]     console::call::as_json, hidden;
    GET  "/console/calls/{call_id}/transcript"      [Session]     console::call::transcript, hidden;
    POST "/console/calls/{call_id}/cancel"          [Session]     console::call::deeds::cancel, hidden;
    POST "/console/calls/{call_id}/again"           [Session]     console::call::deeds::call_again, hidden;
    POST "/console/calls/{call_id}/deliveries/{delivery_id}/resend" [Session] console::call::deeds::resend, hidden;
    GET  "/console/calls"                           [Session]     console::calls::calls, hidden;
    POST "/console/calls"                           [Session]     console::calls::calls_with_numbers, hidden;
    GET  "/console/agents"                          [Session]     console::agents::agents, hidden;
    POST "/console/agents/check"                    [Session]     console::agents::check_agents, hidden;
    GET  "/console/webhooks"                        [Session]     console::webhooks::webhooks, hidden;
    GET  "/console/webhooks/deliveries/{id}"        [Session]     console::webhooks::show_delivery, hidden;
    POST "/console/webhooks/{id}/test"              [Session]     console::webhooks::test_endpoint, hidden;
    POST "/console/webhooks/deliveries/{id}/resend" [Session]     console::webhooks::resend_delivery, hidden;
    POST "/console/webhooks/resend"                 [Session]     console::webhooks::resend_failed, hidden;
}

routes! {
    /// What answers on the operators' own address, where no key is needed.
    pub OPERATOR_ROUTES, operators:

    GET  "/metrics"                                 []            ops::metrics, hidden;
    GET  "/healthz"                                 []            ops::healthz;
    GET  "/readyz"                                  []            ops::readyz;
}

/// Connections left idle are closed after this.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// Open requests are finished within this after a stop.
const FINISH_WITHIN_S: u64 = 25;

/// What the edge is set to: `[server]` and `[limits]` of the configuration.
#[derive(Debug, Clone)]
pub struct Options {
    /// Wrong keys that one address may send in a minute; 0 is no limit.
    pub failed_auth_per_minute: u32,
    /// Requests that one key may send in a second; 0 is no limit.
    pub requests_per_second: u32,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
}

impl Default for Options {
    fn default() -> Self {
        Self { failed_auth_per_minute: 20, requests_per_second: 0, trusted_proxies: Vec::new() }
    }
}

/// What all requests share.
pub struct Http {
    gateway: Arc<Gateway>,
    auth: Auth,
    tokens: WebhookTokens,
    streams: Streams,
    events: Events,
    overview: console::overview::parts::Shared,
    options: Options,
    table: &'static [Route],
}

/// The API, the pages and the webhooks on these listeners. Signals are the caller's business.
///
/// # Errors
/// When a listener cannot be used.
pub fn server(gateway: &Arc<Gateway>, listeners: Vec<TcpListener>, options: Options) -> io::Result<Server> {
    let http = Http::new(gateway, options, ROUTES);
    http.events.start();
    start(http, listeners, public)
}

/// `/metrics`, `/healthz` and `/readyz` without a key, for an address that only operators reach.
///
/// # Errors
/// When a listener cannot be used.
pub fn operators_server(gateway: &Arc<Gateway>, listeners: Vec<TcpListener>) -> io::Result<Server> {
    start(Http::new(gateway, Options::default(), OPERATOR_ROUTES), listeners, operators)
}

impl Http {
    fn new(gateway: &Arc<Gateway>, options: Options, table: &'static [Route]) -> Arc<Self> {
        let auth = Auth::new(gateway, options.failed_auth_per_minute, options.requests_per_second);
        let tokens = WebhookTokens::new(gateway);
        Arc::new(Self {
            gateway: Arc::clone(gateway),
            auth,
            tokens,
            streams: Streams::default(),
            events: Events::new(gateway),
            overview: console::overview::parts::Shared::default(),
            options,
            table,
        })
    }
}

fn start(http: Arc<Http>, listeners: Vec<TcpListener>, mount: fn(&mut ServiceConfig)) -> io::Result<Server> {
    let server = Server::build()
        .workers(std::thread::available_parallelism().map_or(2, usize::from))
        .shutdown_timeout(FINISH_WITHIN_S)
        .disable_signals();
    let stopping = server.graceful_shutdown_signal();
    // What the framework's own server builder does, with connections of ours.
    let listening = |server: ServerBuilder, listener: TcpListener| {
        let (http, stopping) = (Arc::clone(&http), stopping.clone());
        server.listen("http", listener, move || {
            let stopping = stopping.clone();
            let requests = HttpService::build()
                .graceful_shutdown_signal(move || {
                    let stopping = stopping.clone();
                    async move { stopping.notified().await }
                })
                .keep_alive(KEEP_ALIVE)
                .client_request_timeout(HEADERS_WITHIN)
                .on_connect_ext(|connection: &Connection, held: &mut Extensions| drop(held.insert(connection.heads())))
                .h1(map_config(app(Arc::clone(&http), mount), |()| AppConfig::default()));
            fn_service(|stream: TcpStream| {
                let from = stream.peer_addr().ok();
                ready(Ok::<_, DispatchError>((Connection::new(stream), from)))
            })
            .and_then(requests)
        })
    };
    Ok(listeners.into_iter().try_fold(server, listening)?.run())
}

fn app(
    http: Arc<Http>,
    mount: fn(&mut ServiceConfig),
) -> App<impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<BoxBody>, Error = Error, InitError = ()>> {
    App::new()
        .app_data(Data::from(Arc::clone(&http)))
        .into_utoipa_app()
        .configure(mount)
        .into_app()
        .default_service(web::to(|| async { HttpResponse::from_error(table::nothing_here()) }))
        .wrap(from_fn(move |request, next| edge::serve(Arc::clone(&http), request, next)))
}
