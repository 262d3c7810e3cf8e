//! A provider's own document of its API, as the judge of what we send.
//!
//! The documents are their publishers' and stay outside the repository: `CALLGATE_PROVIDER_SPECS` names the folder that
//! holds them. Without it nothing is judged, which whoever asks is told; `CALLGATE_REQUIRE_SPECS=1` makes that a failure.

#![expect(clippy::panic, clippy::print_stderr, reason = "it stands in for an assertion of the tests that use it")]

use std::path::PathBuf;

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

use super::stub::Asked;

/// The folder of the documents, and nothing where none is given.
const FOLDER: &str = "CALLGATE_PROVIDER_SPECS";
const REQUIRED: &str = "CALLGATE_REQUIRE_SPECS";

/// Which document is whose. `simulator` and `http` have none: their words are ours.
const DOCUMENTS: &[(&str, &str)] = &[
    ("bland", "bland.derived-docs-2026-08-09.openapi.json"),
    ("bolna", "bolna.json"),
    ("elevenlabs", "elevenlabs.json"),
    ("livekit", "livekit.derived-protocol-d74e7cdb.openapi.json"),
    ("retell", "retell.json"),
    ("twilio", "twilio.json"),
    ("vapi", "vapi.json"),
];

/// The path of a document, where the folder is given.
///
/// # Panics
/// When it is required and not given.
#[must_use]
pub fn path(name: &str) -> Option<PathBuf> {
    match std::env::var(FOLDER) {
        Ok(folder) if !folder.is_empty() => Some(PathBuf::from(folder).join(name)),
        _ => {
            assert!(std::env::var(REQUIRED).is_err(), "{FOLDER} is not set, and {REQUIRED} asks for it");
            eprintln!("{FOLDER} is not set: requests are not compared with the providers' documents");
            None
        }
    }
}

/// What a provider documents elsewhere, later than in the document that is at hand: the fields' names by kind.
const LATER: [(&str, &str); 1] = [
    // Its own SDK, since 6.2: https://pypi.org/project/retell-sdk/.
    ("retell", "idempotency_key"),
];

/// One provider's document.
pub struct Document {
    root: Value,
    later: Vec<&'static str>,
}

impl Document {
    /// Of this kind; `None` where it has none, or the documents are not given.
    ///
    /// # Panics
    /// When the document is not there or cannot be read, or they are required and not given.
    #[must_use]
    pub fn of(kind: &str) -> Option<Self> {
        let (_, name) = DOCUMENTS.iter().find(|(named, _)| *named == kind)?;
        let path = path(name)?;
        let text = std::fs::read_to_string(&path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
        let mut root: Value = serde_json::from_str(&text).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        straighten(&mut root);
        let later = LATER.iter().filter(|(named, _)| *named == kind).map(|(_, field)| *field).collect();
        Some(Self { root, later })
    }

    /// What is wrong with a request by this document: nothing, where it conforms.
    #[must_use]
    pub fn faults(&self, asked: &Asked) -> Vec<String> {
        let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
        let Some(operation) = self.operation(&asked.method, path) else {
            return vec![format!("{} {path} is no operation of it", asked.method)];
        };
        let mut faults = self.query_faults(operation, query);
        faults.extend(self.body_faults(operation, asked));
        faults.into_iter().map(|fault| format!("{} {path}: {fault}", asked.method)).collect()
    }

    /// The operation whose path fits, one without a parameter before others.
    fn operation(&self, method: &str, path: &str) -> Option<&Value> {
        let paths = self.root.get("paths")?.as_object()?;
        let mut fitting: Vec<_> = paths.iter().filter(|(template, _)| fits(template, path)).collect();
        fitting.sort_by_key(|(template, _)| template.matches('{').count());
        fitting.iter().find_map(|(_, item)| item.get(method.to_ascii_lowercase()))
    }

    fn query_faults(&self, operation: &Value, query: &str) -> Vec<String> {
        let declared: Vec<&Value> = operation
            .get("parameters")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(|one| self.resolved(one))
            .filter(|one| one.get("in") == Some(&json!("query")))
            .collect();
        let given: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let named = |one: &Value| one.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let unknown = given.iter().filter(|(name, _)| !declared.iter().any(|one| named(one) == *name));
        let missing = declared
            .iter()
            .filter(|one| one.get("required") == Some(&Value::Bool(true)))
            .map(|one| named(one))
            .filter(|name| !given.iter().any(|(held, _)| held == name));
        let wrong = given.iter().filter_map(|(name, value)| {
            let schema = declared.iter().find(|one| named(one) == *name)?.get("schema")?;
            self.schema_faults(schema, &self.typed(schema, value)).into_iter().next().map(|fault| format!("query {name} {fault}"))
        });
        unknown
            .map(|(name, _)| format!("query {name} is not in it"))
            .chain(missing.map(|name| format!("query {name} is missing")))
            .chain(wrong)
            .collect()
    }

    fn body_faults(&self, operation: &Value, asked: &Asked) -> Vec<String> {
        let content_type = asked.headers.iter().find(|(name, _)| name == "content-type").map(|(_, value)| value.as_str());
        let content_type = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        let wanted = operation.get("requestBody").map(|body| self.resolved(body));
        let is_needed = wanted.is_some_and(|body| body.get("required") == Some(&Value::Bool(true)));
        let content = wanted.and_then(|body| body.get("content")).and_then(Value::as_object);
        let Some(content) = content else {
            return if asked.body.is_empty() { Vec::new() } else { vec!["it takes no body".to_owned()] };
        };
        if asked.body.is_empty() {
            return if is_needed { vec!["its body is missing".to_owned()] } else { Vec::new() };
        }
        let Some(schema) = content.get(content_type).and_then(|held| held.get("schema")) else {
            return vec![format!("it takes no {content_type:?}")];
        };
        let instance = match content_type {
            "application/x-www-form-urlencoded" => self.form(schema, &asked.body),
            _ => match serde_json::from_slice(&asked.body) {
                Ok(instance) => instance,
                Err(fault) => return vec![format!("its body is no JSON: {fault}")],
            },
        };
        let mut faults = self.schema_faults(schema, &instance);
        faults.extend(self.undeclared(schema, &instance));
        faults
    }

    /// Names at the top of a body that its schema does not have: a misspelled one is silently ignored over there.
    fn undeclared(&self, schema: &Value, instance: &Value) -> Vec<String> {
        let schema = self.resolved(schema);
        let (Some(known), Some(given)) = (schema.get("properties").and_then(Value::as_object), instance.as_object()) else {
            return Vec::new();
        };
        let is_known = |name: &str| known.contains_key(name) || self.later.contains(&name);
        given.keys().filter(|name| !is_known(name)).map(|name| format!("/{name} is not in it")).collect()
    }

    fn schema_faults(&self, schema: &Value, instance: &Value) -> Vec<String> {
        let validator = self.validator(schema);
        validator.iter_errors(instance).map(|fault| format!("{} {fault}", fault.instance_path())).collect()
    }

    fn validator(&self, schema: &Value) -> Validator {
        let components = self.root.get("components").cloned().unwrap_or_default();
        let whole = json!({ "allOf": [schema], "components": components });
        let built = jsonschema::options().with_draft(Draft::Draft202012).build(&whole);
        built.unwrap_or_else(|fault| panic!("the document's own schema: {fault}"))
    }

    /// A form as the object that its schema describes.
    fn form(&self, schema: &Value, body: &[u8]) -> Value {
        let properties = self.resolved(schema).get("properties").cloned().unwrap_or_default();
        let mut object = Map::new();
        for (name, value) in url::form_urlencoded::parse(body) {
            let schema = properties.get(name.as_ref()).map(|schema| self.resolved(schema)).unwrap_or(&Value::Null);
            let typed = match schema.get("items") {
                Some(items) => self.typed(items, &value),
                None => self.typed(schema, &value),
            };
            match (object.get_mut(name.as_ref()), schema.get("items")) {
                (Some(Value::Array(held)), _) => held.push(typed),
                (None, Some(_)) => drop(object.insert(name.into_owned(), Value::Array(vec![typed]))),
                (_, None) => drop(object.insert(name.into_owned(), typed)),
                (Some(_), Some(_)) => {}
            }
        }
        Value::Object(object)
    }

    /// What stands in a query or a form, as the type that is expected there.
    fn typed(&self, schema: &Value, text: &str) -> Value {
        let schema = self.resolved(schema);
        let expects = |word: &str| self.expects(schema, word);
        match text.parse::<Value>() {
            Ok(value @ Value::Number(_)) if expects("integer") || expects("number") => value,
            Ok(value @ Value::Bool(_)) if expects("boolean") => value,
            _ => Value::from(text),
        }
    }

    /// Whether a schema, or one of those it may be, is of this type.
    fn expects(&self, schema: &Value, word: &str) -> bool {
        let own = match schema.get("type") {
            Some(Value::String(one)) => one == word,
            Some(Value::Array(many)) => many.iter().any(|one| one == word),
            _ => false,
        };
        let any = |key: &str| schema.get(key).and_then(Value::as_array).into_iter().flatten();
        own || any("anyOf").chain(any("oneOf")).any(|one| self.expects(self.resolved(one), word))
    }

    fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        let target = value.get("$ref").and_then(Value::as_str).and_then(|at| self.root.pointer(at.strip_prefix('#')?));
        target.unwrap_or(value)
    }
}

/// Whether a path is one of a template's: `/call/{id}`, `/Calls/{Sid}.json`.
fn fits(template: &str, path: &str) -> bool {
    let parts = |text: &str| text.split('/').map(str::to_owned).collect::<Vec<_>>();
    let (templates, given) = (parts(template), parts(path));
    templates.len() == given.len()
        && templates.iter().zip(&given).all(|(template, given)| match (template.find('{'), template.find('}')) {
            (Some(from), Some(to)) => {
                let (before, after) = (template.get(..from).unwrap_or_default(), template.get(to + 1..).unwrap_or_default());
                given.len() > before.len() + after.len() && given.starts_with(before) && given.ends_with(after)
            }
            _ => template == given,
        })
}

/// Makes an OpenAPI 3.0 schema one of JSON Schema: `nullable`, exclusive bounds as truths; and moves an `enum` that stands
/// on a list, where no list can be one of its words, to the list's items (Vapi's `serverMessages`). Words and numbers that
/// are called objects, against the `enum` or the example beside them, are taken for what they are (Vapi's `backoffPlan`).
fn straighten(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(straighten),
        Value::Object(fields) => {
            fields.values_mut().for_each(straighten);
            if fields.get("nullable") == Some(&Value::Bool(true)) {
                nullable(fields);
            }
            for bound in ["exclusiveMinimum", "exclusiveMaximum"] {
                if fields.get(bound).is_some_and(Value::is_boolean) {
                    fields.remove(bound);
                }
            }
            let words_only = |words: &Value| words.as_array().is_some_and(|words| words.iter().all(Value::is_string));
            if fields.get("type") == Some(&json!("object")) && fields.get("enum").is_some_and(words_only) {
                fields.insert("type".to_owned(), json!("string"));
            }
            let shows_none = fields.get("example").and_then(Value::as_array).is_some_and(|all| !all.iter().any(Value::is_object));
            if fields.get("items") == Some(&json!({ "type": "object" })) && shows_none {
                fields.remove("items");
            }
            if fields.get("type") == Some(&json!("array"))
                && let Some(words) = fields.remove("enum")
                && let Some(Value::Object(items)) = fields.get_mut("items")
            {
                items.entry("enum").or_insert(words);
            }
        }
        _ => {}
    }
}

fn nullable(fields: &mut Map<String, Value>) {
    fields.remove("nullable");
    if let Some(Value::String(one)) = fields.get("type").cloned() {
        fields.insert("type".to_owned(), json!([one, "null"]));
    }
    if let Some(Value::Array(words)) = fields.get_mut("enum") {
        words.push(Value::Null);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Document {
        let mut root = json!({
            "paths": {
                "/call/{id}.json": { "get": { "parameters": [
                    { "name": "limit", "in": "query", "required": true, "schema": { "type": "integer", "maximum": 9 } }
                ] } },
                "/call": { "post": { "requestBody": { "required": true, "content": {
                    "application/json": { "schema": { "$ref": "#/components/schemas/Order" } },
                    "application/x-www-form-urlencoded": { "schema": { "$ref": "#/components/schemas/Order" } }
                } } } }
            },
            "components": { "schemas": { "Order": {
                "type": "object", "required": ["to"],
                "properties": {
                    "to": { "type": "string", "nullable": true },
                    "seconds": { "type": "integer" },
                    "events": { "type": "array", "enum": ["a", "b"], "items": { "type": "string" } }
                }
            } } }
        });
        straighten(&mut root);
        Document { root, later: Vec::new() }
    }

    fn check(method: &str, path: &str, content_type: &str, body: &str, faults: &[&str]) {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        let asked = Asked { method: method.to_owned(), path: path.to_owned(), headers, body: body.as_bytes().to_vec() };
        let found = document().faults(&asked);
        assert_eq!(found.len(), faults.len(), "{found:?}");
        for expected in faults {
            assert!(found.iter().any(|fault| fault.contains(expected)), "{found:?} have no {expected}");
        }
    }

    #[test]
    fn a_request_conforms_or_is_told_where_it_does_not() {
        let json = "application/json";
        check("POST", "/call", json, r#"{"to":"x","seconds":3,"events":["a"]}"#, &[]);
        check("POST", "/call", json, r#"{"to":null}"#, &[]);
        check("POST", "/call", json, r#"{"seconds":"3"}"#, &["/seconds", "required"]);
        check("POST", "/call", json, r#"{"to":"x","events":["c"],"more":1}"#, &["/events/0", "/more is not in it"]);
        check("POST", "/call", json, "", &["its body is missing"]);
        check("POST", "/call", "text/plain", "x", &["it takes no \"text/plain\""]);
        check("DELETE", "/call", json, "", &["is no operation of it"]);
        check("GET", "/call/7.json?limit=3", "", "", &[]);
        check("GET", "/call/7.json?limit=30", "", "", &["query limit"]);
        check("GET", "/call/7.json?more=1", "", "", &["query more is not in it", "query limit is missing"]);
        check("GET", "/call/.json?limit=3", "", "", &["is no operation of it"]);
        check("POST", "/call", "application/x-www-form-urlencoded", "to=x&seconds=3&events=a&events=b", &[]);
        check("POST", "/call", "application/x-www-form-urlencoded", "to=x&seconds=soon", &["/seconds"]);
    }
}
