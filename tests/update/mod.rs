//! The transition, as tables: what a message does to the state and what it asks of the loop.

mod applications;
mod approvals;
mod dialog;
mod dialog_findings;
mod dialog_true;
mod environments;
mod evidence;
mod findings;
mod first_row;
mod forms;
mod groups;
mod inbox;
mod kept;
mod lane;
mod life;
mod many_jobs;
mod places;
mod run_again;
mod run_verbs;
mod runners;
mod silent;
mod tekton;
mod verbs;
mod watches;
mod weights;
mod workloads;
pub mod world;
