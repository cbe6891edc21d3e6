//! Two at once: on two ports they do not touch each other, on one port the second is refused.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};

use anyhow::Result;
use portcullis_demo::origin::{self, Origin};
use portcullis_demo::ports::free_port;

use super::command::{Try, command, directory, refused};

#[test]
fn a_second_one_on_another_port_leaves_the_first_alone() -> Result<()> {
    let origin = Origin::start(origin::application())?;
    let application = [format!("wiki=http://{}", origin.address())];
    let data = directory("try-ports")?;
    let (one, two) = (free_port()?, free_port()?);
    let first = Try::start(&data, one, &application)?;
    let url = format!("https://wiki.localhost:{one}/api/echo");
    let mut browser = first.browser()?;
    assert_eq!(browser.sign_in(&url, &first.user()?)?.status, 200);
    let kept = fs::read(data.join(format!("try-{one}/account.json")))?;

    let second = Try::start(&data, two, &application)?;
    assert_ne!(second.user()?.password, first.user()?.password);
    let error = refused(command(&data, one, &application)?)?;
    assert!(
        error.starts_with(&format!("it already runs on port {one}")) && error.contains("--port"),
        "{error}"
    );

    assert_eq!(browser.xhr(&url)?.status, 200);
    second.interrupt()?;
    assert_eq!(browser.xhr(&url)?.status, 200);
    assert_eq!(
        fs::read(data.join(format!("try-{one}/account.json")))?,
        kept
    );
    first.interrupt()
}

#[test]
fn a_port_that_another_program_has_is_refused_before_anything_is_written() -> Result<()> {
    let holder = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = holder.local_addr()?.port();
    let data = directory("try-taken")?;
    let error = refused(command(
        &data,
        port,
        &["wiki=http://127.0.0.1:1".to_owned()],
    )?)?;
    assert!(
        error.starts_with(&format!("another program listens on port {port}"))
            && error.contains("--port"),
        "{error}"
    );
    assert!(!data.join(format!("try-{port}")).exists());
    Ok(())
}
