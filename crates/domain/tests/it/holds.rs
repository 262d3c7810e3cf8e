//! What an operator holds back.

use callgate_domain::model::pacing::{Live, Pick};
use callgate_domain::model::{Deadline, OnHold};

use crate::made::{at, connection, queued};
use crate::values::room;

#[test]
fn what_is_held_is_left_until_its_wait_is_over() {
    let (two, call) = (room(&[("one", None, 5), ("two", None, 5)]), queued());
    let mut refused = call.clone();
    refused.refusals.closed.push(connection("one"));
    let one = OnHold::Connection(connection("one"));
    for (hold, first, second) in [
        (OnHold::Everything, Pick::Leave, Pick::Leave),
        (OnHold::Agent(call.agent.clone()), Pick::Leave, Pick::Leave),
        (OnHold::Agent("stranger".parse().unwrap()), Pick::Take(connection("one")), Pick::Take(connection("two"))),
        (one, Pick::Leave, Pick::Take(connection("two"))),
        (OnHold::Connection(connection("two")), Pick::Take(connection("one")), Pick::Leave),
    ] {
        let held = Live { holds: vec![hold.clone()], ..Live::default() };
        assert_eq!((two.pick(&call, &held, at(1)), two.pick(&refused, &held, at(1))), (first, second), "{hold}");
        assert_eq!(two.pick(&call, &held, at(900)), Pick::Expire(Deadline::Queue), "{hold}");
    }
}

#[test]
fn a_hold_is_read_back_as_it_was_written() {
    let (agent, id) = ("akylai".parse().unwrap(), connection("one"));
    for hold in [OnHold::Everything, OnHold::Agent(agent), OnHold::Connection(id)] {
        assert_eq!(hold.to_string().parse::<OnHold>().as_ref(), Ok(&hold));
    }
    for wrong in ["", "stamp", "akylai", "agent:", "agent:A b", "client:default", "all:"] {
        wrong.parse::<OnHold>().unwrap_err();
    }
}
