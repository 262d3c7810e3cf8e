//! The scheduler: whoever's moment comes first runs next, and a seed decides between those of one moment.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::task::{Context, Waker};

use super::world::{Owner, TaskId, Work, World};

/// Steps after which a seed is given up: something runs in circles.
const LONGEST: u64 = 2_000_000;

/// Everything that runs.
#[derive(Default)]
pub struct Tasks {
    slots: Vec<Slot>,
    free: Vec<TaskId>,
    /// Moment, chance, task, and which of its sleeps this ends.
    queue: BinaryHeap<Reverse<(u64, u64, TaskId, u64)>>,
    steps: u64,
}

struct Slot {
    work: Option<Work>,
    owner: Owner,
    sleeps: u64,
}

impl Tasks {
    /// Takes the next step. False when nobody has anything to do any more.
    pub fn step(&mut self, world: &Arc<World>) -> bool {
        self.adopt(world);
        self.bury(world);
        let Some(Reverse((moment, _, task, sleep))) = self.queue.pop() else { return false };
        let Some(slot) = self.slots.get_mut(task).filter(|slot| slot.sleeps == sleep && slot.work.is_some()) else {
            return true;
        };
        if let Some(paused_until) = paused(world, slot.owner).filter(|until| *until > moment) {
            self.queue.push(Reverse((paused_until, world.dice.next(), task, sleep)));
            return true;
        }
        self.steps = self.steps.saturating_add(1);
        if self.steps > LONGEST {
            world.judge.accuse("the seed does not end", format_args!("{LONGEST} steps"));
            return false;
        }
        world.pass_to(moment);
        world.inner().current = task;
        let Some(mut work) = slot.work.take() else { return true };
        let is_over = work.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
        let sleeps = world.inner().sleeps.take();
        match sleeps.filter(|_| !is_over) {
            Some(time) => {
                slot.work = Some(work);
                self.put_to_sleep(world, task, moment.saturating_add(time));
            }
            None => {
                if !is_over {
                    world.judge.accuse("a task waits for what the simulation does not know", format_args!("task {task}"));
                }
                slot.sleeps = slot.sleeps.wrapping_add(1);
                if slot.owner == Owner::Outside {
                    let mut inner = world.inner();
                    inner.outside = inner.outside.saturating_sub(1);
                }
                self.free.push(task);
            }
        }
        true
    }

    fn put_to_sleep(&mut self, world: &World, task: TaskId, until: u64) {
        if let Some(slot) = self.slots.get_mut(task) {
            slot.sleeps = slot.sleeps.wrapping_add(1);
            self.queue.push(Reverse((until, world.dice.next(), task, slot.sleeps)));
        }
    }

    /// Begins what was spawned and wakes who is to be woken.
    fn adopt(&mut self, world: &World) {
        let mut inner = world.inner();
        let (newborn, wakes, now) = (std::mem::take(&mut inner.newborn), std::mem::take(&mut inner.wakes), inner.now);
        drop(inner);
        for (owner, work) in newborn {
            let task = self.free.pop().unwrap_or(self.slots.len());
            if task == self.slots.len() {
                self.slots.push(Slot { work: None, owner, sleeps: 0 });
            }
            if let Some(slot) = self.slots.get_mut(task) {
                slot.work = Some(work);
                slot.owner = owner;
            }
            self.put_to_sleep(world, task, now);
        }
        for task in wakes {
            if self.slots.get(task).is_some_and(|slot| slot.work.is_some()) {
                self.put_to_sleep(world, task, now);
            }
        }
    }

    /// A process that was killed takes its tasks with it, wherever they are.
    fn bury(&mut self, world: &World) {
        let dying: Vec<usize> = {
            let mut inner = world.inner();
            let dying = inner.instances.iter_mut().enumerate();
            dying.filter_map(|(instance, state)| std::mem::take(&mut state.is_dying).then_some(instance)).collect()
        };
        for instance in dying {
            let running = world.inner().instances.get_mut(instance).and_then(|state| state.running.take());
            for (task, slot) in self.slots.iter_mut().enumerate().filter(|(_, slot)| slot.owner == Owner::Instance(instance)) {
                if slot.work.take().is_some() {
                    slot.sleeps = slot.sleeps.wrapping_add(1);
                    self.free.push(task);
                }
            }
            drop(running);
        }
    }
}

fn paused(world: &World, owner: Owner) -> Option<u64> {
    match owner {
        Owner::Outside => None,
        Owner::Instance(instance) => world.inner().instances.get(instance).map(|state| state.paused_until),
    }
}
