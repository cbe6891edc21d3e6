//! The README's way to protect an application, as a reader would follow it.

mod application;
mod drive;
mod guide;
mod http3;
mod without_servers;
