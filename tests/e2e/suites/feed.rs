//! The feed under attack: whatever comes is applied wholly or not at all, every worker goes on
//! judging by what it has, and catches up by itself when the service behaves again.

mod attacks;
mod epoch;
mod health;
mod pace;
mod room;
mod rows;
