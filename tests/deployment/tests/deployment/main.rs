//! The chart, the image and the compose file: what can be known of them without a cluster or a container engine.

mod asking;
mod chart;
mod compose;
mod image;
mod monitoring;
mod network;
mod refusing;
mod rendering;
mod settings;
mod shutdown;
mod starting;
