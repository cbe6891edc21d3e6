//! The feed under attack: a page is applied as a whole or not at all; every worker keeps
//! deciding with what it has, and catches up by itself when the service behaves again.

mod attacks;
mod epoch;
mod health;
mod pace;
mod room;
mod rows;
