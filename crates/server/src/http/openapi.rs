//! The public API document (OpenAPI 3.1): the mounted routes, their types, and what holds for all of them.
//!
//! A handler describes what is its own. What every operation has in common stands here once: the key, the request's id,
//! and the problems that the edge, the query and the body bring. `docs/openapi.json` is this document; a test keeps it so.

use std::sync::LazyLock;

use actix_web::http::Method;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{App, HttpResponse, get};
use bytes::Bytes;
use serde_json::{Value, json};
use utoipa::openapi::link::LinkBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{AdditionalProperties, Object, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, Header, HeaderBuilder, OpenApi, OpenApiBuilder, Paths, Ref, RefOr, Required, Response, ResponseBuilder,
};
use utoipa_actix_web::AppExt;

use super::error::Code;
use super::pages::{markdown, source};
use super::table::Route;
use super::view::LEFT_OUT_OF_LISTS;
use super::{ROUTES, public};

static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(text()));

const BEARER: &str = "bearer";
const PROBLEM: &str = "Problem";
const ABOUT: &str = "Place phone calls with voice agents, follow them, and read what was said.

Every `/v1` request carries `Authorization: Bearer <key>`. A client names only its own things: a phone number, the key of
an agent, and the `call_id` that creating a call returns. Times are RFC 3339 in UTC, lengths are whole seconds.

The shortest way: `POST /v1/calls` with a phone and an agent, then `GET /v1/calls/{call_id}?wait=30` until `terminal` is
true. Send an `Idempotency-Key` with each new call: then a request can be repeated without calling anybody twice.

Every error is a problem document (RFC 9457). Its `code` never changes its meaning; `/docs/errors` lists them all.

The timeline of a call can be verified: each entry's `hash` is `sha256:` and the SHA-256 in hex over the UTF-8 text of
seven lines joined by a line feed: the `hash` of the entry before (empty for the first), the `call_id`, and the entry's
`revision`, `at`, `status`, `what` and `by`, exactly as shown. The last one is the call's `history_head`.";

/// The public API document.
#[get("/openapi.json")]
pub async fn document() -> HttpResponse {
    HttpResponse::Ok().insert_header((CONTENT_TYPE, "application/json")).body(DOCUMENT.clone())
}

/// The document as it is served and kept in `docs/openapi.json`.
#[must_use]
pub fn text() -> String {
    let mut text = serde_json::to_string_pretty(&described()).unwrap_or_default();
    text.push('\n');
    text
}

/// The document.
#[must_use]
pub fn described() -> OpenApi {
    let (_, collected) = App::new().into_utoipa_app().configure(public).split_for_parts();
    let mut components = collected.components.unwrap_or_default();
    let list_item = components.schemas.get("Call").cloned().map(list_item);
    components.schemas.extend(list_item.map(|schema| ("ListedCall".to_owned(), schema)));
    point_list_to_items(components.schemas.get_mut("CallList"));
    components.schemas.insert(PROBLEM.to_owned(), problem_schema().into());
    components.responses.extend(shared_responses());
    components.security_schemes.insert(
        BEARER.to_owned(),
        RefOr::T(SecurityScheme::Http(
            HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An API key of this gateway.")).build(),
        )),
    );
    let mut paths = collected.paths;
    for route in ROUTES {
        if let Some(operation) = paths.paths.get_mut(route.path).and_then(|item| operation(item, &route.method)) {
            complete(operation, route);
            show(operation);
        }
    }
    link(&mut paths);
    OpenApiBuilder::new()
        .info(
            utoipa::openapi::InfoBuilder::new()
                .title("Callgate")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(ABOUT))
                .build(),
        )
        .paths(paths)
        .components(Some(components))
        .build()
}

fn operation<'a>(item: &'a mut PathItem, method: &Method) -> Option<&'a mut Operation> {
    match *method {
        Method::GET => item.get.as_mut(),
        Method::POST => item.post.as_mut(),
        Method::PUT => item.put.as_mut(),
        Method::PATCH => item.patch.as_mut(),
        Method::DELETE => item.delete.as_mut(),
        _ => None,
    }
}

/// An answer that holds an id, and the operations that want it.
struct Lead {
    path: &'static str,
    status: &'static str,
    /// Where in the answer it stands.
    value: &'static str,
    parameter: &'static str,
    operations: &'static [&'static str],
}

/// All of them are answers to a POST.
const LEADS: [Lead; 2] = [
    Lead {
        path: "/v1/calls",
        status: "201",
        value: "$response.body#/call_id",
        parameter: "call_id",
        operations: &["getCall", "cancelCall", "streamCall", "getTimeline", "getRecording", "eraseContent"],
    },
    Lead {
        path: "/v1/webhook-endpoints",
        status: "201",
        value: "$response.body#/id",
        parameter: "id",
        operations: &[
            "getWebhookEndpoint",
            "changeWebhookEndpoint",
            "rotateWebhookSecret",
            "testWebhookEndpoint",
            "recoverWebhookEndpoint",
            "removeWebhookEndpoint",
        ],
    },
];

/// Says which operations an answer leads to.
fn link(paths: &mut Paths) {
    for lead in &LEADS {
        let operation = paths.paths.get_mut(lead.path).and_then(|item| item.post.as_mut());
        let Some(RefOr::T(response)) = operation.and_then(|operation| operation.responses.responses.get_mut(lead.status)) else {
            continue;
        };
        for id in lead.operations {
            let link = LinkBuilder::new().operation_id(*id).parameter(lead.parameter, lead.value).build();
            response.links.insert((*id).to_owned(), RefOr::T(link));
        }
    }
}

/// Shows the docs' samples of an operation, where there are some.
fn show(operation: &mut Operation) {
    let samples = operation.operation_id.iter().flat_map(|id| source::samples(id));
    let samples: Vec<Value> =
        samples.map(|(language, text)| json!({ "lang": language, "label": markdown::named(language), "source": text })).collect();
    if !samples.is_empty() {
        operation.extensions = Some([("x-codeSamples", samples)].into_iter().collect());
    }
}

/// Gives an operation what all of its kind have.
fn complete(operation: &mut Operation, route: &Route) {
    let mut codes: Vec<&str> = vec!["400", "431", "500", "503"];
    if let Some(scope) = route.gate.scope() {
        codes.extend(["401", "403", "429"]);
        operation.security = Some(vec![SecurityRequirement::new::<_, [String; 0], String>(BEARER, [])]);
        let about = operation.description.take().unwrap_or_default();
        operation.description = Some(format!("{about}\n\nNeeds a key with the scope `{scope}`.").trim_start().to_owned());
    } else {
        operation.security = Some(Vec::new());
    }
    if operation.request_body.is_some() {
        codes.extend(["408", "413", "415", "422"]);
    }
    if operation.parameters.as_ref().is_some_and(|all| all.iter().any(is_in_query)) {
        codes.push("422");
    }
    for code in codes {
        let shared = || RefOr::Ref(Ref::from_response_name(name_of(code)));
        operation.responses.responses.entry(code.to_owned()).or_insert_with(shared);
    }
    for (code, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response {
            response.headers.insert("X-Request-Id".to_owned(), request_id_header());
            let is_problem = code.starts_with(['4', '5']) && response.content.is_empty();
            if is_problem {
                response.content.insert("application/problem+json".to_owned(), RefOr::T(problem_content()));
            }
        }
    }
    operation.parameters.iter_mut().flatten().for_each(as_it_is_sent);
    operation.parameters.get_or_insert_default().push(RefOr::T(request_id_parameter()));
}

/// A parameter is left out rather than null, and a list in a query is joined by commas.
fn as_it_is_sent(parameter: &mut RefOr<Parameter>) {
    let RefOr::T(parameter) = parameter else { return };
    match &mut parameter.schema {
        Some(RefOr::T(Schema::Object(object))) => one_type(&mut object.schema_type),
        Some(RefOr::T(Schema::Array(list))) => {
            one_type(&mut list.schema_type);
            list.min_items = Some(1);
            parameter.explode = Some(false);
        }
        _ => {}
    }
}

fn one_type(of: &mut SchemaType) {
    if let SchemaType::Array(types) = of
        && let [wanted] = types.iter().filter(|of| **of != Type::Null).collect::<Vec<_>>().as_slice()
    {
        *of = SchemaType::Type((*wanted).clone());
    }
}

fn is_in_query(parameter: &RefOr<Parameter>) -> bool {
    matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query)
}

fn name_of(status: &str) -> &'static str {
    match status {
        "400" => "BadRequest",
        "401" => "Unauthorized",
        "403" => "Forbidden",
        "408" => "RequestTimeout",
        "413" => "BodyTooLarge",
        "415" => "UnsupportedMediaType",
        "422" => "Unprocessable",
        "429" => "TooManyRequests",
        "431" => "HeadersTooLarge",
        "503" => "Unavailable",
        _ => "InternalError",
    }
}

fn shared_responses() -> impl Iterator<Item = (String, RefOr<Response>)> {
    let header = |about: &str| {
        RefOr::T(HeaderBuilder::new().schema(Some(Object::with_type(Type::String))).description(Some(about)).build())
    };
    let of = |status: &'static str, about: &str, headers: Vec<(&str, RefOr<Header>)>| {
        let mut response =
            ResponseBuilder::new().description(about).content("application/problem+json", problem_content()).build();
        response.headers.insert("X-Request-Id".to_owned(), request_id_header());
        response.headers.extend(headers.into_iter().map(|(name, header)| (name.to_owned(), header)));
        (name_of(status).to_owned(), RefOr::T(response))
    };
    let retry = || ("Retry-After", header("Seconds to wait."));
    [
        of("400", "The body is not JSON, or the query or a header is not valid.", vec![]),
        of("401", "There is no key, or it is not valid.", vec![("WWW-Authenticate", header("`Bearer`, and what was wrong."))]),
        of("403", "The key may not do this, or the destination may not be called.", vec![]),
        of("408", "The body did not arrive within 10 seconds.", vec![]),
        of("413", "The body is too large.", vec![]),
        of("415", "The body is not JSON in UTF-8.", vec![]),
        of("422", "The content is not valid: every fault stands in `errors`.", vec![]),
        of(
            "429",
            "Too many requests.",
            vec![
                retry(),
                ("RateLimit", header("What is left, and when there is more.")),
                ("RateLimit-Policy", header("What is allowed.")),
            ],
        ),
        of("431", "The headers are too large.", vec![]),
        of("500", "Something went wrong in the gateway.", vec![]),
        of("503", "The gateway cannot do this now.", vec![retry()]),
    ]
    .into_iter()
}

fn problem_content() -> utoipa::openapi::Content {
    ContentBuilder::new().schema(Some(Ref::from_schema_name(PROBLEM))).build()
}

fn request_id_header() -> RefOr<Header> {
    let header = HeaderBuilder::new()
        .schema(Some(Object::with_type(Type::String)))
        .description(Some("Names this request in the log."))
        .build();
    RefOr::T(header)
}

fn request_id_parameter() -> Parameter {
    let id = ObjectBuilder::new().schema_type(Type::String).description(None::<&str>).build();
    ParameterBuilder::new()
        .name("X-Request-Id")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("A name for this request: echoed when it is 1 to 64 of `A-Za-z0-9_-`, else replaced."))
        .schema(Some(Schema::Object(id)))
        .build()
}

fn text_of(about: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).description(Some(about))
}

fn problem_schema() -> Object {
    let codes = || Code::ALL.iter().map(|code| code.as_str());
    let fault = ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("pointer", text_of("A JSON pointer into the body; empty for the body itself."))
        .property("code", text_of("What is wrong.").enum_values(Some(codes())))
        .property("detail", text_of("The end of a sentence that begins with the field."))
        .required("pointer")
        .required("code")
        .required("detail")
        .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)));
    let status = ObjectBuilder::new().schema_type(SchemaType::Type(Type::Integer)).description(Some("The status of the answer."));
    let object = ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some("Why a request was not done (RFC 9457)."))
        .property("type", text_of("Where the code is explained."))
        .property("title", text_of("The same sentence each time for a code."))
        .property("status", status)
        .property("detail", text_of("For a person: what is at fault, and the way out."))
        .property("code", text_of("A word that never changes its meaning.").enum_values(Some(codes())))
        .property("request_id", text_of("Names the request in the gateway's log."))
        .property("call_id", text_of("The call that is meant, where it is another than the path's."))
        .property(
            "errors",
            utoipa::openapi::schema::ArrayBuilder::new().items(fault).description(Some("Every fault of a body, in its order.")),
        );
    ["type", "title", "status", "detail", "code", "request_id"].into_iter().fold(object, ObjectBuilder::required).build()
}

/// A call as a list shows it: the same schema without what a list leaves out.
fn list_item(call: RefOr<Schema>) -> RefOr<Schema> {
    let RefOr::T(Schema::Object(mut object)) = call else { return call };
    object.description = Some("A call as a list shows it: without transcript, turns and variables.".to_owned());
    object.properties.retain(|name, _| !LEFT_OUT_OF_LISTS.contains(&name.as_str()));
    object.required.retain(|name| !LEFT_OUT_OF_LISTS.contains(&name.as_str()));
    RefOr::T(Schema::Object(object))
}

fn point_list_to_items(list: Option<&mut RefOr<Schema>>) {
    let Some(RefOr::T(Schema::Object(list))) = list else { return };
    if let Some(RefOr::T(Schema::Array(data))) = list.properties.get_mut("data") {
        data.items = utoipa::openapi::schema::ArrayItems::RefOrSchema(Box::new(Ref::from_schema_name("ListedCall").into()));
    }
}
