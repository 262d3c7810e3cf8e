//! The domain, tested from outside: the state machine as a table and under random events, and the use cases against
//! mocked ports.

#[cfg(test)]
mod adversary;
#[cfg(test)]
mod calls;
#[cfg(test)]
mod desk;
#[cfg(test)]
mod dispatch;
#[cfg(test)]
mod intake;
#[cfg(test)]
mod machine;
#[cfg(test)]
mod made;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod order;
#[cfg(test)]
mod phone;
#[cfg(test)]
mod reconcile;
#[cfg(test)]
mod recorder;
#[cfg(test)]
mod values;
#[cfg(test)]
mod walk;
