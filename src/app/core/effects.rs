//! What the transition asked for, done.

use std::sync::Arc;

use super::{Core, Outside, Step};
use crate::app::hook;
use crate::model::durations::Book;
use crate::model::notify::{Answer, Hook};
use crate::update::Effect;

impl Core {
    pub(super) fn run(&mut self, effects: Vec<Effect>, step: &mut Step) {
        for effect in effects {
            match effect {
                Effect::Copy(text) => step.outside.push(Outside::Copy(text)),
                Effect::Suspend => step.outside.push(Outside::Suspend),
                Effect::Quit => step.outside.push(Outside::Quit),
                Effect::Record(id, outcome) => self.recorder.outcome(id, outcome, self.state.now.wall),
                Effect::Save(path, bytes) => self.save(path, bytes),
                Effect::Keep(book) => self.keep(book),
                Effect::Notify { answer, bell } => step.outside.push(Outside::Notify { answer, bell }),
                Effect::Hook(hook, answer) => self.tell(hook, answer),
                Effect::ReadPipeline(path) => self.read_pipeline(path),
                Effect::ReadContext(entry) => self.read_context(*entry),
                Effect::StopBuild(build) => {
                    if let Some(systems) = &self.systems {
                        systems.stop_build(&build.uid);
                    }
                }
                Effect::Perform(operation) => {
                    if let Some(systems) = &self.systems {
                        systems.perform(operation, self.recorder.intent(), self.results.tx.clone());
                    }
                }
                Effect::ReadEvidence(operation) => {
                    if let Some(systems) = &self.systems {
                        systems.read_evidence(operation, self.results.tx.clone());
                    }
                }
                Effect::Tail(id, request) => {
                    if let Some(systems) = &mut self.systems {
                        systems.tail(id, request, self.tails.tx.clone());
                    }
                }
                Effect::StopTail(id) => {
                    if let Some(systems) = &mut self.systems {
                        systems.stop_tail(id);
                    }
                }
                Effect::Interest(interest) => {
                    if let Some(systems) = &self.systems {
                        systems.look_at(interest);
                    }
                }
                Effect::Refresh => {
                    if let Some(systems) = &self.systems {
                        systems.refresh();
                    }
                }
            }
        }
    }

    /// Puts how long jobs took to what is on the disk. That it cannot be is said once.
    fn keep(&self, book: Arc<Book>) {
        let (kept, tx) = (self.kept.clone(), self.notices.tx.clone());
        tokio::task::spawn_blocking(move || {
            if let Err(why) = kept.write(&book)
                && !kept.said()
            {
                // The loop may have ended meanwhile.
                let _ = tx.blocking_send(why);
            }
        });
    }

    /// Tells a program what was waited for.
    fn tell(&self, hook: Hook, answer: Arc<Answer>) {
        let tx = self.notices.tx.clone();
        tokio::spawn(async move {
            if let Err(why) = hook::tell(&hook, &answer).await {
                // The loop may have ended meanwhile.
                let _ = tx.send(why).await;
            }
        });
    }
}
