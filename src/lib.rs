//! Landfall: one file of teams in; a running, watched, reviewed AWS platform out.
pub mod apply;
pub mod aws;
pub mod cloud;
pub mod commands;
pub mod config;
pub mod kinds;
pub mod model;
pub mod plan;
pub mod render;
