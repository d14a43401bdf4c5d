//! Against a real API server and the real Argo Rollouts controller, from the keyboard.
//!
//! `QUARTERDECK_LAB` names the state folder of a running lab (`tests/lab/up`); else
//! `QUARTERDECK_LIVE_KUBECONFIG` names a kubeconfig, and the tests work in a namespace
//! `quarterdeck-live-<random>` there that they create and delete. What stops or kills a server runs
//! on the lab only. Without either every test here says that it is skipped.
//!
//! The proof is never our own screen alone: it is the object as the API server has it afterwards,
//! read by `kubectl`.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "real servers take real time, and say what they took"
)]

mod access;
mod act;
mod argocd;
mod blocked;
mod blocked_rollouts;
mod cluster;
mod docker;
mod evening;
mod helm;
mod holds;
mod istio;
mod locks;
mod logs;
mod openapi;
mod operator;
mod people;
mod prometheus;
mod prometheus_history;
pub mod registry;
mod rights;
mod rollout_verbs;
mod same;
mod tekton;
mod trouble;
mod workloads;
