//! `POST /console/agents/{key}/calls`: places a call from a form, as the key that is signed in.
//!
//! The form carries what makes it one request however often it is sent (`once`). An agent that dials real phones is asked
//! about first, unless the form says that it is meant (`confirmed`); asking needs no script.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use askama::Template;
use callgate_domain::model::Phone;
use callgate_domain::ports::Chance;
use callgate_domain::usecases::Agents;
use callgate_domain::usecases::agents::PublicAgent;
use serde_json::json;
use url::form_urlencoded;

use super::frame::{Frame, Here};
use super::gate::to;
use super::page::page;
use crate::http::Http;
use crate::http::auth::Caller;
use crate::http::body::{SMALL, Unread};
use crate::http::calls::{create, wish};
use crate::http::error::Problem;
use crate::phone;
use crate::wiring::fresh_token;

/// A number that the simulator answers, and nobody else has.
pub const PRACTICE_PHONE: &str = "+12025550101";
/// The longest `once`.
const LONGEST_ONCE: usize = 100;

/// What a form says.
#[derive(Default)]
struct Form {
    phone: String,
    once: String,
    confirmed: bool,
}

#[derive(Template)]
#[template(path = "confirm.html")]
struct Confirm<'a> {
    frame: Frame,
    agent: &'a str,
    /// What it is called.
    name: &'a str,
    /// Over what it dials first.
    connection: &'a str,
    phone: &'a str,
    grouped: String,
    once: &'a str,
}

/// Places a call.
#[post("/console/agents/{key}/calls")]
pub async fn place(http: Data<Http>, caller: Caller, request: HttpRequest, body: Unread) -> Result<HttpResponse, Problem> {
    let form = Form::of(&body.bytes(SMALL).await?);
    let agent = request.match_info().get("key").unwrap_or_default();
    let calls = &http.gateway.calls;
    let wish = serde_json::to_vec(&json!({"phone": form.phone, "agent": agent})).map_err(|_never| Problem::internal())?;
    let wish = wish::read(&wish, calls)?;
    if let Some(found) = http.gateway.agents.get(agent).filter(|found| !found.agent.test && !form.confirmed) {
        return ask(&http, &found, &form).await;
    }
    let key = (!form.once.is_empty()).then(|| format!("console-{}", form.once));
    let placed = calls.place(wish.into_wish(caller.client(), caller.key(), key).place).await.map_err(create::not_placed)?;
    Ok(to(&format!("/console/calls/{}", placed.call_id)))
}

/// Whether it is meant: somebody's phone would ring.
async fn ask(http: &Http, found: &PublicAgent, form: &Form) -> Result<HttpResponse, Problem> {
    let agent = &found.agent;
    let phone = Phone::parse(&form.phone).ok();
    let e164 = phone.as_ref().map_or("", |phone| phone.e164());
    page(&Confirm {
        frame: Frame::of(http, Here::Agents, "Call a real phone").await?,
        agent: agent.key.as_str(),
        name: &agent.name,
        connection: agent.routes.first().map_or("-", |route| route.connection.as_str()),
        phone: e164,
        grouped: phone::grouped(e164),
        once: &form.once,
    })
}

/// What makes a form one request: for its hidden field `once`.
pub fn once(chance: &dyn Chance) -> String {
    fresh_token(chance).map(|token| token.expose().to_owned()).unwrap_or_default()
}

/// The agent to practise with: `practice`, or the first that rings nobody.
pub fn practice_agent(agents: &Agents) -> Option<String> {
    let all = agents.list();
    let mut simulated = all.iter().filter(|one| one.agent.test && one.available).map(|one| one.agent.key.as_str());
    let first = simulated.clone().next();
    simulated.find(|key| *key == "practice").or(first).map(ToOwned::to_owned)
}

impl Form {
    fn of(body: &[u8]) -> Self {
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(body) {
            match name.as_ref() {
                "phone" => form.phone = value.into_owned(),
                "once" if value.len() <= LONGEST_ONCE && value.bytes().all(|byte| byte.is_ascii_graphic()) => {
                    form.once = value.into_owned();
                }
                "confirmed" => form.confirmed = value == "yes",
                _ => {}
            }
        }
        form
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_confirmed_by_one_word_alone() {
        let form = Form::of(b"phone=%2B12025550101&once=abc&confirmed=yes");
        assert_eq!((form.phone.as_str(), form.once.as_str(), form.confirmed), ("+12025550101", "abc", true));
        for other in ["confirmed=", "confirmed=no", "confirmed=true", "", "Confirmed=yes"] {
            assert!(!Form::of(other.as_bytes()).confirmed, "{other}");
        }
        // What would be no header is no key.
        assert_eq!(Form::of(b"once=a+b").once, "");
    }
}
