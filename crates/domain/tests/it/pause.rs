//! Pausing and resuming by name.

use std::sync::Arc;

use callgate_domain::model::{Hold, OnHold};
use callgate_domain::ports::{Holds, Work};
use callgate_domain::usecases::Pause;
use callgate_domain::usecases::pause::{Named, PauseError};

use crate::desk::{Desk, provider};
use crate::made::{at, connection};

fn pause(desk: &Desk) -> Pause {
    Pause {
        holds: Arc::clone(&desk.memory) as Arc<dyn Holds>,
        agents: desk.agents.clone(),
        connections: desk.connections.clone(),
        clock: desk.clock.clone(),
        signals: desk.signals.clone(),
    }
}

fn shown(holds: &[Hold]) -> Vec<String> {
    holds.iter().map(|hold| hold.what.to_string()).collect()
}

#[tokio::test]
async fn what_is_paused_goes_on_when_it_is_resumed_and_only_then_is_work_hinted_at() {
    let desk = Desk::with(provider());
    let (agent, all) = (Named::Agent("akylai".to_owned()), Named::Everything);
    assert_eq!(shown(&pause(&desk).pause(&agent).await.unwrap()), ["agent:akylai"]);
    assert_eq!(shown(&pause(&desk).pause(&all).await.unwrap()), ["all", "agent:akylai"]);
    assert_eq!(shown(&pause(&desk).resume(&Named::Connection("one".to_owned())).await.unwrap()), ["all", "agent:akylai"]);
    assert_eq!(desk.signals.work(), []);
    assert_eq!(shown(&pause(&desk).resume(&all).await.unwrap()), ["agent:akylai"]);
    assert_eq!(desk.signals.work(), [Work::Dispatch]);
    assert_eq!(pause(&desk).list().await.unwrap(), pause(&desk).resume(&all).await.unwrap());
}

#[tokio::test]
async fn what_is_not_there_is_named_and_what_was_there_can_still_be_resumed() {
    let desk = Desk::with(provider());
    let (agent, id) = (Named::Agent("akilai".to_owned()), Named::Connection("removed".to_owned()));
    let refused = pause(&desk).pause(&agent).await;
    assert!(matches!(&refused, Err(PauseError::UnknownAgent { nearest: Some(key), .. }) if key == "akylai"), "{refused:?}");
    for refused in [pause(&desk).pause(&id).await, pause(&desk).resume(&id).await] {
        assert!(matches!(&refused, Err(PauseError::UnknownConnection { nearest: None, .. })), "{refused:?}");
    }
    let old = Hold { what: OnHold::Connection(connection("removed")), reason: "before".to_owned(), created_at: at(0) };
    desk.memory.put(old).await.unwrap();
    assert_eq!(pause(&desk).resume(&id).await.unwrap(), []);
}
