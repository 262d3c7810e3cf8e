//! The stores in memory keep every promise that the SQL ones keep.

use std::sync::Arc;

use callgate_domain::testing::clock::HandClock;
use callgate_domain::testing::memory::Memory;
use callgate_domain::testing::store_contract::{self, Trial};

use crate::made::at;

fn trial() -> Trial {
    let clock = Arc::new(HandClock::at(at(0)));
    let memory = Arc::new(Memory::new(clock.clone()));
    let (calls, inbox, keys, settings) = (memory.clone(), memory.clone(), memory.clone(), memory.clone());
    Trial {
        calls,
        moves: memory.clone(),
        inbox,
        outbox: memory.clone(),
        keys,
        sessions: memory.clone(),
        audit: memory.clone(),
        settings,
        holds: memory.clone(),
        copies: memory.clone(),
        inspection: memory.clone(),
        figures: memory.clone(),
        retention: memory,
        clock,
    }
}

macro_rules! in_memory {
    ($($promise:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $promise() {
                store_contract::$promise(&trial()).await;
            }
        )+
    };
}

callgate_domain::store_promises!(in_memory);
