//! Stories of an operator, told over the demo's server with the ordinary clients. No sleeps: a
//! held world is moved on, and everything waits for a condition. No literal keys.

mod aborted_canary;
mod access;
mod approvals;
mod bad_input;
mod beside;
mod budget_story;
mod calendar;
mod capacity;
mod catalogue;
mod containers;
mod demo_story;
mod deployed;
mod differences;
mod dispatch;
mod document;
mod founding;
mod frozen;
mod gone_pods;
pub mod harness;
mod lane;
mod missing_arm64;
mod out_of_sync;
mod rate_limit;
mod red_job;
mod releases;
mod renamed;
mod rollout_verbs;
mod run_page;
mod sheets;
pub mod steps;
mod story;
mod tekton;
mod tekton_start;
mod watches;
mod wide;
mod workloads;
