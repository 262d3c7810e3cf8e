//! One client, one agent key, every provider: the same request, and a result of one shape.
//!
//! Each kind stands behind the real program with a stub engine that speaks its dialect and compares every request with the
//! provider's own document, where `CALLGATE_PROVIDER_SPECS` names the folder of those.

use callgate_adapters::providers::DIALECTS;
use callgate_adapters::testing::engine::{Manners, StubEngine};
use callgate_adapters::testing::stub::Dialect;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::process::{Process, Site};

/// A program with agent `akylai` over these kinds' stub engines, tried in order.
pub struct Stand {
    pub engines: Vec<StubEngine>,
    pub site: Site,
    pub process: Process,
    _folder: TempDir,
    _place: SemaphorePermit<'static>,
}

/// So many programs run at once: others' tests measure time beside these.
static PLACES: Semaphore = Semaphore::const_new(3);

impl Stand {
    pub async fn of(dialects: &[&'static dyn Dialect]) -> Self {
        let place = PLACES.acquire().await.expect("it is never closed");
        let folder = tempfile::tempdir().expect("a folder");
        let mut site = Site::new(folder.path());
        let mut config = format!("[server]\npublic_url = \"{}\"\n[calls]\nallow_numbers = [\"+996\"]\n", site.url());
        let (mut engines, mut routes) = (Vec::new(), Vec::new());
        for (nth, dialect) in dialects.iter().enumerate() {
            let engine = StubEngine::start(*dialect).await;
            config.push_str(&format!(
                "[connections.c{nth}]\nkind = \"{}\"\nbase_url = \"{}\"\npoll_interval = \"1s\"\nrequest_timeout = \"4s\"\n{}\n",
                dialect.kind(),
                engine.url,
                dialect.settings()
            ));
            routes.push(format!("{{ connection = \"c{nth}\", remote_id = \"{}\" }}", dialect.remote_id()));
            for (name, value) in dialect.environment() {
                site = site.with(name, value);
            }
            engines.push(engine);
        }
        config.push_str(&format!("[agents.akylai]\nroutes = [{}]\n", routes.join(", ")));
        site.configure(&config);
        let process = site.start().await;
        let stand = Self { engines, site, process, _folder: folder, _place: place };
        stand.tell_webhooks().await;
        stand
    }

    /// What an operator pastes into each provider's console.
    async fn tell_webhooks(&self) {
        let connections = self.process.get("/v1/admin/connections").await;
        for (nth, engine) in self.engines.iter().enumerate() {
            let of = |held: &&Value| held["id"] == format!("c{nth}");
            let url = connections["data"].as_array().expect("a list").iter().find(of).expect("the connection");
            engine.tell(url["webhook_url"].as_str());
        }
    }

    /// The call once it has ended.
    pub async fn over(&self, call: &str) -> Value {
        for _ in 0..1200 {
            let seen = self.process.call(call).await;
            if seen["ended_at"].is_string() {
                return seen;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        let asked: Vec<_> = self.engines.iter().flat_map(StubEngine::asked).map(|asked| (asked.method, asked.path)).collect();
        panic!("{asked:?} did not end it: {}", self.site.log());
    }

    /// Every request so far is one of the provider's document.
    pub fn conforms(&self) {
        for engine in &self.engines {
            assert_eq!(engine.faults(), Vec::<String>::new(), "{}", self.site.log());
        }
    }
}

/// Names and types, as a client's own types would have them; what may be null is compared by name alone.
fn shape(call: &Value) -> Vec<String> {
    let fields = call.as_object().expect("a call");
    fields.iter().map(|(name, value)| if value.is_object() { format!("{name} {{}}") } else { name.clone() }).collect()
}

/// The client's script: place, wait, read.
async fn talk(dialect: &'static dyn Dialect) -> Value {
    let stand = Stand::of(&[dialect]).await;
    let call = stand.process.place("+996700000001", "akylai").await;
    let mut over = stand.over(&call).await;
    let rang = stand.engines[0].calls();
    assert_eq!(rang.len(), 1, "{}", dialect.kind());
    assert_eq!(rang[0].to, "+996700000001", "{}", dialect.kind());
    if !dialect.tells_words() {
        // The worker behind the call reports what was said, by the customer's own request.
        let report = json!({
            "event_type": "call.completed", "provider_call_id": rang[0].id, "connection": "c0", "status": "completed",
            "transcript": "agent: Hello, this is Aida.\nuser: Hi.", "duration": 42,
        });
        let told = stand.process.post("/v1/webhooks/call-completed", &report).await;
        assert!(told.0 < 300, "{}: {told:?}", dialect.kind());
        over = stand.process.when(&call, |call| call["transcript"].is_string()).await;
    }
    over = match over["transcript"].is_string() {
        true => over,
        false => stand.process.when(&call, |call| call["transcript"].is_string()).await,
    };
    stand.conforms();
    let text = over.to_string();
    for word in [dialect.kind(), rang[0].id.as_str(), stand.engines[0].url.as_str()] {
        assert!(word == "http" || !text.contains(word), "{}: the client is shown {word}: {text}", dialect.kind());
    }
    over
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_gives_a_result_of_one_shape_whoever_places_the_call() {
    let results = join_all(DIALECTS.iter().map(|dialect| talk(*dialect))).await;
    let expected = shape(&results[0]);
    for (dialect, call) in DIALECTS.iter().zip(&results) {
        let kind = dialect.kind();
        assert_eq!(shape(call), expected, "{kind}");
        assert_eq!(call["status"], "completed", "{kind}: {call}");
        assert_eq!(call["transcript"], "agent: Hello, this is Aida.\nuser: Hi.", "{kind}");
        assert_eq!(call["attempts"], 1, "{kind}");
        assert!(call["duration"].as_u64().is_some_and(|seconds| seconds <= 42), "{kind}: {call}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_answer_and_who_is_engaged_look_the_same_everywhere() {
    join_all(DIALECTS.iter().map(|dialect| async move {
        let stand = Stand::of(&[*dialect]).await;
        for (phone, status) in [("+996700000002", "no_answer"), ("+996700000003", "busy")] {
            let call = stand.process.place(phone, "akylai").await;
            let over = stand.over(&call).await;
            // A busy line that a provider tells from a declined call nowhere is not called busy.
            let declined = status == "busy" && over["status"] == "no_answer" && over["ended_reason"] == "declined";
            assert!(over["status"] == status || declined, "{}: {over}", dialect.kind());
            assert_eq!(over["duration"], 0, "{}: {over}", dialect.kind());
        }
        stand.conforms();
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_found_and_nobody_is_dialed_again() {
    join_all(DIALECTS.iter().map(|dialect| async move {
        let stand = Stand::of(&[*dialect]).await;
        stand.engines[0].behave(Manners::LosesItsReply);
        // Nothing is told either: asking has to find it.
        if dialect.keeps_records() {
            stand.engines[0].tell(None);
        }
        let call = stand.process.place("+996700000001", "akylai").await;
        let over = stand.over(&call).await;
        assert_eq!(over["status"], "completed", "{}: {over}", dialect.kind());
        assert_eq!(stand.engines[0].calls().len(), 1, "{}", dialect.kind());
        stand.conforms();
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_proof_that_nobody_was_rung_leads_to_the_next_connection() {
    let second = DIALECTS.iter().find(|dialect| dialect.kind() == "http").expect("there is one");
    join_all(DIALECTS.iter().map(|dialect| async move {
        let kind = dialect.kind();
        let stand = Stand::of(&[*dialect, *second]).await;
        let rang = || (stand.engines[0].calls().len(), stand.engines[1].calls().len());
        for manners in [Manners::Refuses, Manners::HasTooMany] {
            let before = rang();
            stand.engines[0].behave(manners);
            let call = stand.process.place("+996700000001", "akylai").await;
            let over = stand.over(&call).await;
            assert_eq!(over["status"], "completed", "{kind} {manners:?}: {over}");
            assert_eq!(rang(), (before.0, before.1 + 1), "{kind} {manners:?}");
        }
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_never_comes_leads_nowhere() {
    let second = DIALECTS.iter().find(|dialect| dialect.kind() == "http").expect("there is one");
    join_all(DIALECTS.iter().map(|dialect| async move {
        let stand = Stand::of(&[*dialect, *second]).await;
        stand.engines[0].behave(Manners::SaysNothing);
        let call = stand.process.place("+996700000001", "akylai").await;
        let over = stand.over(&call).await;
        assert_eq!(over["status"], "completed", "{}: {over}", dialect.kind());
        let rang = (stand.engines[0].calls().len(), stand.engines[1].calls().len());
        assert_eq!(rang, (1, 0), "{}", dialect.kind());
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_moves_to_another_provider_by_two_lines_and_no_restart() {
    let [one, other] = [DIALECTS[0], DIALECTS[DIALECTS.len() - 1]];
    let stand = Stand::of(&[one, other]).await;
    let path = stand.site.folder.join("callgate.toml");
    let config = std::fs::read_to_string(&path).expect("the configuration");
    let agent = |connection: &str, remote_id: &str| {
        format!("[agents.akylai]\nconnection = \"{connection}\"\nremote_id = \"{remote_id}\"\n")
    };
    let (before, _) = config.split_once("[agents.akylai]").expect("the agent");
    for (nth, dialect) in [(0, one), (1, other)] {
        stand.site.configure(&format!("{before}{}", agent(&format!("c{nth}"), dialect.remote_id())));
        let told = stand.process.post("/v1/admin/reload", &json!({})).await;
        assert_eq!(told.0, 200, "{told:?}");
        let call = stand.process.place("+996700000001", "akylai").await;
        assert_eq!(stand.over(&call).await["status"], "completed");
        assert_eq!(stand.engines[nth].calls().len(), 1);
    }
    // A file with a fault is refused whole, and says where.
    stand.site.configure("[agents.akylai]\nconnection = \"nobody\"\n");
    let (status, fault) = stand.process.post("/v1/admin/reload", &json!({})).await;
    assert_eq!((status, fault["code"].as_str()), (422, Some("invalid_configuration")), "{fault}");
    // One with open calls stays.
    stand.site.configure(&config);
    assert_eq!(stand.process.post("/v1/admin/reload", &json!({})).await.0, 200);
    stand.engines[0].tell(None);
    stand.engines[0].behave(Manners::SaysNothing);
    let open = stand.process.place("+996700000001", "akylai").await;
    stand.process.when(&open, |call| call["status"] == "dialing").await;
    stand.site.configure("[connections.c0]\nkind = \"simulator\"\n[agents.akylai]\nconnection = \"c0\"\n");
    let (_, fault) = stand.process.post("/v1/admin/reload", &json!({})).await;
    assert_eq!(fault["code"], "connection_in_use", "another kind is another connection: {fault}");
    stand.site.configure("[calls]\nallow_numbers = [\"+996\"]\n");
    let (status, fault) = stand.process.post("/v1/admin/reload", &json!({})).await;
    assert_eq!((status, fault["code"].as_str()), (409, Some("connection_in_use")), "{fault}");
    assert!(fault["detail"].as_str().is_some_and(|detail| detail.contains("'c0' has 1 open calls")), "{fault}");
    assert_eq!(stand.over(&open).await["status"], "completed");
    // The same by a signal.
    stand.process.signal("HUP");
    for _ in 0..400 {
        let listed = stand.process.get("/v1/admin/connections").await;
        if listed["data"].as_array().is_some_and(|all| all.len() == 1) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("the signal was not heard: {}", stand.site.log());
}
